#include "base/template/humanize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/number.h"
#include "base/quote.h"
#include "base/template/printing.h"
#include "base/template/time_text.h"

namespace tocsin::text_template {
namespace {

using std::chrono::nanoseconds;

constexpr std::array<std::string_view, 8> kLargePrefixes = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
constexpr std::array<std::string_view, 8> kBinaryPrefixes = {"ki", "Mi", "Gi", "Ti",
                                                             "Pi", "Ei", "Zi", "Yi"};
constexpr std::array<std::string_view, 8> kSmallPrefixes = {"m", "u", "n", "p", "f", "a", "z", "y"};

Error Invalid(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

/// Divides until the value is below `base`, or the prefixes are used up.
std::string Reduced(double value, double base, std::span<const std::string_view> prefixes) {
  std::string_view prefix;
  for (const std::string_view next : prefixes) {
    if (std::abs(value) < base) break;
    prefix = next;
    value /= base;
  }
  return FourDigits(value) + std::string(prefix);
}

/// Multiplies by a thousand until the value is 1 or more.
std::string Enlarged(double value) {
  std::string_view prefix;
  for (const std::string_view next : kSmallPrefixes) {
    if (std::abs(value) >= 1) break;
    prefix = next;
    value *= 1000;
  }
  return FourDigits(value) + std::string(prefix);
}

/// Seconds as nanoseconds, if they can be counted in 64 bits.
Result<std::int64_t> Nanoseconds(double seconds) {
  if (!std::isfinite(seconds)) return Invalid("value is NaN or Inf");
  constexpr double kTwoTo63 = 9223372036854775808.0;
  const double nanos = seconds * 1e9;
  if (std::abs(nanos) < kTwoTo63) return static_cast<std::int64_t>(nanos);
  return Invalid(FloatText(seconds) +
                 " cannot be represented as a nanoseconds timestamp since it overflows int64");
}

Result<Value> ParseDurationText(Arguments arguments) {
  std::string_view text = arguments[0].text();
  const bool is_negative = text.size() > 1 && text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const Result<Duration> duration = ParseDuration(text);
  if (!duration) return duration.error();
  return Value(is_negative ? -Seconds(*duration) : Seconds(*duration));
}

/// A function of one number.
template <class Body>
Function OfNumber(Body body) {
  return {{kAnything}, false, [body](Arguments arguments) -> Result<Value> {
            const Result<double> number = ToNumber(arguments[0]);
            if (!number) return number.error();
            return body(*number);
          }};
}

Function OfNumber(std::string (*body)(double)) {
  return OfNumber([body](double number) -> Result<Value> { return Value(body(number)); });
}

Result<Value> TimestampText(double seconds) {
  Result<std::string> text = HumanizeTimestamp(seconds);
  if (!text) return text.error();
  return Value(*std::move(text));
}

}  // namespace

Result<double> ToNumber(const Value& value) {
  const Kind kind = value.kind();
  if (kind == Kind::kInt) return static_cast<double>(value.integer());
  if (kind == Kind::kFloat) return value.number();
  if (kind == Kind::kDuration) {
    return std::chrono::duration<double>(value.duration()).count();
  }
  if (kind != Kind::kString) {
    return Invalid(fmt::format("can't convert {} to float", value.TypeName()));
  }
  const std::optional<double> number = ParseNumber(value.text());
  if (number) return *number;
  return Invalid("strconv.ParseFloat: parsing " + Quoted(value.text()) + ": invalid syntax");
}

std::string Humanize(double value) {
  if (value == 0 || !std::isfinite(value)) return FourDigits(value);
  return std::abs(value) >= 1 ? Reduced(value, 1000, kLargePrefixes) : Enlarged(value);
}

std::string Humanize1024(double value) {
  if (std::abs(value) <= 1 || !std::isfinite(value)) return FourDigits(value);
  return Reduced(value, 1024, kBinaryPrefixes);
}

std::string HumanizeDuration(double seconds) {
  if (!std::isfinite(seconds)) return FourDigits(seconds);
  if (seconds == 0) return FourDigits(seconds) + "s";
  if (std::abs(seconds) < 1) return Enlarged(seconds) + "s";
  const std::string_view sign = seconds < 0 ? "-" : "";
  constexpr double kMost = 9e18;
  const double magnitude = std::abs(seconds);
  if (magnitude < 60) return std::string(sign) + FourDigits(magnitude) + "s";
  const auto whole = static_cast<std::int64_t>(std::min(magnitude, kMost));
  const std::int64_t minutes = whole / 60;
  const std::int64_t hours = minutes / 60;
  const std::int64_t days = hours / 24;
  if (hours == 0) return fmt::format("{}{}m {}s", sign, minutes, whole % 60);
  if (days == 0) return fmt::format("{}{}h {}m {}s", sign, hours, minutes % 60, whole % 60);
  return fmt::format("{}{}d {}h {}m {}s", sign, days, hours % 24, minutes % 60, whole % 60);
}

std::string HumanizePercentage(double ratio) {
  return FourDigits(ratio * 100) + "%";
}

Result<std::string> HumanizeTimestamp(double seconds) {
  if (!std::isfinite(seconds)) return FourDigits(seconds);
  const Result<Value> time = ToTime(seconds);
  if (!time) return time.error();
  return TimeText(time->time());
}

Result<Value> ToTime(double seconds) {
  const Result<std::int64_t> nanos = Nanoseconds(seconds);
  if (!nanos) return nanos.error();
  return Value(TimePoint(std::chrono::duration_cast<Duration>(nanoseconds(*nanos))));
}

Result<Value> ToDuration(double seconds) {
  const Result<std::int64_t> nanos = Nanoseconds(seconds);
  if (!nanos) return nanos.error();
  return Value(nanoseconds(*nanos));
}

void AddHumanizeFunctions(Functions& functions) {
  functions.Add("humanize", OfNumber(Humanize))
      .Add("humanize1024", OfNumber(Humanize1024))
      .Add("humanizeDuration", OfNumber(HumanizeDuration))
      .Add("humanizePercentage", OfNumber(HumanizePercentage))
      .Add("humanizeTimestamp", OfNumber(TimestampText))
      .Add("parseDuration", {{Kind::kString}, false, ParseDurationText})
      .Add("toDuration", OfNumber(ToDuration))
      .Add("toTime", OfNumber(ToTime));
}

}  // namespace tocsin::text_template
