// Times of the week and the year at which notifications are muted, or wanted.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/yaml.h"

namespace tocsin::notify {

/// One entry of `time_intervals`: a name stands for several of them, of which one has to contain
/// the moment. Each restriction that is empty holds always. Immutable.
/// Source: Alertmanager's documentation, "Configuration", <time_interval>.
struct TimeInterval {
  /// Both ends belong to it, but for `times`, whose end does not.
  struct Range {
    int begin = 0;
    int end = 0;
  };
  std::vector<Range> times;          ///< Minutes of the day, to 1440.
  std::vector<Range> weekdays;       ///< Sunday is 0.
  std::vector<Range> days_of_month;  ///< 1 to 31; -1 is the last day.
  std::vector<Range> months;         ///< 1 to 12.
  std::vector<Range> years;
  std::string location = "UTC";  ///< An IANA zone that exists, or "Local".

  bool Contains(TimePoint moment) const;
};

/// By name. Immutable.
using TimeIntervals = std::map<std::string, std::vector<TimeInterval>, std::less<>>;

/// Whether one of the intervals of one of `names` contains the moment. Every name is there.
bool ContainsAny(const TimeIntervals& intervals, const std::vector<std::string>& names,
                 TimePoint moment);

/// Reads `time_intervals` and `mute_time_intervals` (the older word). Mistakes are reported.
TimeIntervals ReadTimeIntervals(YamlMap& notify);

}  // namespace tocsin::notify
