// Numbers for people, as the templates of Prometheus print them.

#pragma once

#include <string>

#include "base/result.h"
#include "base/template/functions.h"

namespace tocsin::text_template {

/// A number out of what templates compute with: numbers, texts that are one, durations as seconds.
Result<double> ToNumber(const Value& value);

/// 1234567 is "1.235M", 0.00012 is "120u": four digits and a prefix of thousands.
std::string Humanize(double value);
/// 1048576 is "1Mi": the same by powers of 1024. No prefixes below 1.
std::string Humanize1024(double value);
/// Seconds: 93784 is "1d 2h 3m 4s", 0.0125 is "12.5ms".
std::string HumanizeDuration(double seconds);
/// 0.1234 is "12.34%".
std::string HumanizePercentage(double ratio);
/// Seconds since the Unix epoch: 1435065584.128 is "2015-06-23 13:19:44.128 +0000 UTC". Fails for
/// what is beyond the years 1677 to 2262.
Result<std::string> HumanizeTimestamp(double seconds);

/// Seconds since the Unix epoch as a time, to the millisecond. Fails for NaN, infinities and what
/// is beyond the years 1677 to 2262.
Result<Value> ToTime(double seconds);
/// Seconds as a duration. Fails for NaN, infinities and more than 292 years.
Result<Value> ToDuration(double seconds);

/// Adds the functions of these names and parseDuration. Each takes a number or a text that is one.
/// Source: Prometheus' documentation, "Template reference".
void AddHumanizeFunctions(Functions& functions);

}  // namespace tocsin::text_template
