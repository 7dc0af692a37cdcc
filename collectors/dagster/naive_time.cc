#include "collectors/dagster/naive_time.h"

#include <chrono>

#include <fmt/format.h>

namespace tocsin::collectors::dagster {

std::optional<Moment> ParseNaive(std::string_view text) {
  const std::optional<IsoTime> time = ParseIsoTime(text);
  if (!time || time->offset) return std::nullopt;
  return time->local;
}

std::string FormatNaive(Moment naive) {
  const auto day = std::chrono::floor<std::chrono::days>(naive);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(naive - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace tocsin::collectors::dagster
