// What the Dagster collector keeps over restarts: counters and how far they have read.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/log.h"
#include "base/result.h"

namespace tocsin::collectors::dagster {

/// A JSON file that holds the state of each part, for one Dagster instance:
///
///     {"version": 1, "instance": "475d7848-...", "parts": {"daemons": {...}, ...}}
///
/// One thread at a time. `log` outlives it.
class StateFile {
 public:
  /// An empty `path` keeps nothing.
  StateFile(std::filesystem::path path, const Log& log) : path_(std::move(path)), log_(log) {}

  /// The state of each part of `instance` as last saved; empty if there is none, or if the file was
  /// written for another instance, which is logged. A file that does not parse is renamed to
  /// "*.corrupt" and logged, and counting starts anew.
  boost::json::object Load(std::string_view instance);

  /// Makes the file say this. Does nothing when it says so already. Waits for the disk.
  Status Save(std::string_view instance, const boost::json::object& parts);

 private:
  void SetAside(std::string_view why);

  const std::filesystem::path path_;
  const Log& log_;
  std::string last_saved_;
};

/// Members of `value`, if it is an object that has them with that type; else 0, "" or nothing.
std::uint64_t CountIn(const boost::json::value& value, std::string_view key);
std::optional<std::int64_t> IntegerIn(const boost::json::value& value, std::string_view key);
std::string TextIn(const boost::json::value& value, std::string_view key);
/// A copy of an array member, so that it may outlive a value made for the call; empty if there is
/// none.
boost::json::array ArrayIn(const boost::json::value& value, std::string_view key);

}  // namespace tocsin::collectors::dagster
