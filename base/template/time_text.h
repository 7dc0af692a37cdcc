// Times and durations as Go prints them, and what templates can ask of them.

#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/template/functions.h"

namespace tocsin::text_template {

/// `2006-01-02 15:04:05.999 +0000 UTC`, the fraction only as far as it is not zero.
/// Source: Go's time.Time.String.
std::string TimeText(TimePoint time);

/// `time` in UTC, laid out like Go's reference time: "Jan 2, 2006 at 3:04pm (MST)".
/// Source: Go's time.Time.Format.
std::string FormatTime(TimePoint time, std::string_view layout);

/// `1h2m3.5s`, `1.5ms`, `0s`. Source: Go's time.Duration.String.
std::string DurationText(std::chrono::nanoseconds duration);

/// `.Format`, `.Unix`, `.Year`, `.Add` ...; docs/templates.md lists them.
const Functions& TimeMethods();
/// `.Hours`, `.Seconds`, `.Round` ...
const Functions& DurationMethods();

}  // namespace tocsin::text_template
