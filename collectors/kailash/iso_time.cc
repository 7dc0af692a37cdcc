#include "collectors/kailash/iso_time.h"

#include <chrono>

#include <fmt/format.h>

namespace tocsin::collectors::kailash {

std::optional<Moment> ParseIso(std::string_view text) {
  const std::optional<IsoTime> time = ParseIsoTime(text);
  if (!time) return std::nullopt;
  return time->local - time->offset.value_or(std::chrono::minutes(0));
}

std::string FormatIsoSecond(Moment moment) {
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(moment) - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace tocsin::collectors::kailash
