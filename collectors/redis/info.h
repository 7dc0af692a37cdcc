// What INFO says, as fields that can be looked up.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tocsin::collectors {

/// The answer to INFO, read once. Immutable; its texts are those of the answer, which must outlive
/// it.
/// Source: Redis documentation, "INFO".
class RedisInfo {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  /// Lines without a colon, comments included, are passed over; of two fields with one name, the
  /// first counts. Fails with kCorrupt if there is no field at all.
  static Result<RedisInfo> Parse(std::string_view text);

  /// The value of a field; "" if the server does not have it.
  std::string_view Text(std::string_view name) const;
  /// A field as a number. "ok" and "up" are 1, "err", "fail" and "down" are 0; nothing for any
  /// other word.
  std::optional<double> Number(std::string_view name) const;

  /// All fields whose names begin with `prefix`, in the order of their names.
  std::span<const Field> Beginning(std::string_view prefix) const;

 private:
  explicit RedisInfo(std::vector<Field> fields) : fields_(std::move(fields)) {}

  std::vector<Field> fields_;  // By name.
};

/// The part called `name` of a value such as "keys=12,expires=3"; "" if there is none.
std::string_view InfoPart(std::string_view value, std::string_view name);
/// The same as a number.
std::optional<double> InfoNumber(std::string_view value, std::string_view name);

/// A percentile of the time that a command took since the server started.
struct RedisLatency {
  std::string_view command;
  std::string_view percentile;  ///< "50", "99", "99.9".
  std::string quantile;         ///< "0.5", "0.99", "0.999".
  double microseconds = 0;
};

/// The section "latencystats", which Redis has since 7.0; empty if it is not there.
std::vector<RedisLatency> LatenciesIn(const RedisInfo& info);

}  // namespace tocsin::collectors
