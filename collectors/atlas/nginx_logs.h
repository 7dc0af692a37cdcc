// What the logs of the nginx in front of Atlas tell.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/result.h"
#include "collectors/atlas/log_tail.h"
#include "collectors/collector.h"

namespace tocsin::collectors::atlas {

/// The status of a line of an access log in nginx' format `combined` or `main`: the three digits
/// behind the request in quotes. Nothing if it is no such line.
/// Source: nginx' documentation, ngx_http_log_module.
std::optional<std::string_view> StatusOfAccess(std::string_view line);

/// The zone of a line of an error log that says that limit_req refused a request; nothing of any
/// other. What was only delayed, or would have been refused (`dry run`), was not.
/// Source: nginx, ngx_http_limit_req_module.c.
std::optional<std::string_view> RefusingZone(std::string_view line);

/// How many lines of a log had which status, or zone. Lasts as long as its state is kept: what is
/// logged while tocsin is down is counted when it is back. One thread at a time.
class LogCounts {
 public:
  /// Finds what a line is counted under, if anything.
  using KeyOf = std::optional<std::string_view> (*)(std::string_view line);
  using Counts = std::map<std::string, std::uint64_t, std::less<>>;

  /// More keys than these are left out.
  static constexpr std::size_t kMostKeys = 600;

  LogCounts(const std::filesystem::path& path, KeyOf key_of, const boost::json::value& saved);

  /// Reads what was added to the log.
  Status Read(const Attempt& attempt);
  /// Lines of the last Read(), and how many of them were counted.
  std::size_t lines() const { return lines_; }
  std::size_t counted() const { return counted_; }
  const Counts& counts() const { return counts_; }

  boost::json::object Save() const;

 private:
  const KeyOf key_of_;
  LogTail tail_;
  Counts counts_;
  std::size_t lines_ = 0;
  std::size_t counted_ = 0;
};

}  // namespace tocsin::collectors::atlas
