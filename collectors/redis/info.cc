#include "collectors/redis/info.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/number.h"

namespace tocsin::collectors {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 5> kWords = {
    {{"ok", 1}, {"up", 1}, {"err", 0}, {"fail", 0}, {"down", 0}}};

/// Cuts off and returns what stands before the next `delimiter`, or all.
std::string_view CutOff(std::string_view& rest, char delimiter) {
  const std::size_t end = rest.find(delimiter);
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return piece;
}

bool ByName(const RedisInfo::Field& a, const RedisInfo::Field& b) {
  return a.name < b.name;
}

std::optional<double> FiniteNumber(std::string_view text) {
  const std::optional<double> number = ParseNumber(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

}  // namespace

Result<RedisInfo> RedisInfo::Parse(std::string_view text) {
  std::vector<Field> fields;
  while (!text.empty()) {
    std::string_view line = CutOff(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (line.starts_with('#') || colon == std::string_view::npos) continue;
    fields.push_back({line.substr(0, colon), line.substr(colon + 1)});
  }
  if (fields.empty()) return Error{ErrorCode::kCorrupt, "INFO: the answer has no field"};
  std::stable_sort(fields.begin(), fields.end(), ByName);
  return RedisInfo(std::move(fields));
}

std::string_view RedisInfo::Text(std::string_view name) const {
  const auto found = std::lower_bound(fields_.begin(), fields_.end(), Field{name, ""}, ByName);
  return found != fields_.end() && found->name == name ? found->value : "";
}

std::optional<double> RedisInfo::Number(std::string_view name) const {
  const std::string_view text = Text(name);
  for (const auto& [word, value] : kWords) {
    if (text == word) return value;
  }
  return FiniteNumber(text);
}

std::span<const RedisInfo::Field> RedisInfo::Beginning(std::string_view prefix) const {
  const auto first = std::lower_bound(fields_.begin(), fields_.end(), Field{prefix, ""}, ByName);
  const auto last = std::find_if_not(
      first, fields_.end(), [&](const Field& field) { return field.name.starts_with(prefix); });
  return {first, last};
}

std::string_view InfoPart(std::string_view value, std::string_view name) {
  while (!value.empty()) {
    const std::string_view part = CutOff(value, ',');
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=') {
      return part.substr(name.size() + 1);
    }
  }
  return "";
}

std::optional<double> InfoNumber(std::string_view value, std::string_view name) {
  return FiniteNumber(InfoPart(value, name));
}

std::vector<RedisLatency> LatenciesIn(const RedisInfo& info) {
  constexpr std::string_view kPrefix = "latency_percentiles_usec_";
  std::vector<RedisLatency> latencies;
  for (const auto& [name, value] : info.Beginning(kPrefix)) {
    std::string_view rest = value;  // "p50=1.003,p99=2.007,p99.9=5.023".
    while (!rest.empty()) {
      const std::string_view part = CutOff(rest, ',');
      const std::string_view percentile = part.substr(0, part.find('='));
      if (!percentile.starts_with('p') || percentile.size() == part.size()) continue;
      const std::optional<double> percent = FiniteNumber(percentile.substr(1));
      const std::optional<double> time = FiniteNumber(part.substr(percentile.size() + 1));
      if (!percent || !time) continue;
      // Ten digits, because 99.9 / 100 is a little more than 0.999.
      latencies.push_back({name.substr(kPrefix.size()), percentile.substr(1),
                           fmt::format("{:.10g}", *percent / 100), *time});
    }
  }
  return latencies;
}

}  // namespace tocsin::collectors
