#include "notify/receivers/sparkline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

namespace tocsin::notify {
namespace {

constexpr std::size_t kMostCharacters = 24;
constexpr std::array<std::string_view, 8> kHeights = {"\u2581", "\u2582", "\u2583", "\u2584",
                                                      "\u2585", "\u2586", "\u2587", "\u2588"};

/// How many alerts of a notification have one: nobody looks at more, and each asks the store.
constexpr std::size_t kMostSparklines = 50;

std::vector<double> Condensed(std::span<const double> values) {
  const std::size_t count = std::min(values.size(), kMostCharacters);
  std::vector<double> condensed(count, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < values.size(); ++i) {
    double& place = condensed[i * count / values.size()];
    if (std::isfinite(values[i])) place = std::fmax(place, values[i]);
  }
  return condensed;
}

std::string_view HeightOf(double value, double least, double greatest) {
  if (std::isnan(value)) return " ";
  const double range = greatest - least;
  if (!(range > 0) || !std::isfinite(range)) return kHeights[kHeights.size() / 2 - 1];
  const double height = (value - least) / range * (kHeights.size() - 1);
  return kHeights[static_cast<std::size_t>(std::lround(height))];
}

}  // namespace

std::string Sparkline(std::span<const double> values) {
  const std::vector<double> condensed = Condensed(values);
  double least = std::numeric_limits<double>::infinity();
  double greatest = -least;
  std::size_t known = 0;
  for (const double value : condensed) {
    if (std::isnan(value)) continue;
    ++known;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  std::string line;
  if (known < 2) return line;
  for (const double value : condensed) line += HeightOf(value, least, greatest);
  // An alert is often younger than what the line is for.
  line.erase(line.find_last_not_of(' ') + 1);
  return line.erase(0, line.find_first_not_of(' '));
}

std::vector<std::string> SparklinesOf(const Notification& notification,
                                      const RecentValues& recent) {
  std::vector<std::string> lines(notification.alerts.size());
  if (!recent) return lines;
  for (std::size_t i = 0; i < std::min(lines.size(), kMostSparklines); ++i) {
    lines[i] = Sparkline(recent(notification.alerts[i]));
  }
  return lines;
}

}  // namespace tocsin::notify
