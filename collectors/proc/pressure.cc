#include "collectors/proc/pressure.h"

#include "collectors/proc/fields.h"

namespace tocsin::collectors {
namespace {

constexpr double kMicrosecondsPerSecond = 1e6;

std::optional<double> TotalIn(std::string_view line) {
  constexpr std::string_view kTotal = "total=";
  while (true) {
    const std::string_view word = TakeWord(line);
    if (word.empty()) return std::nullopt;
    if (!word.starts_with(kTotal)) continue;
    const std::optional<std::uint64_t> total = ParseCount(word.substr(kTotal.size()));
    if (!total) return std::nullopt;
    return static_cast<double>(*total) / kMicrosecondsPerSecond;
  }
}

}  // namespace

Result<Pressure> ParsePressure(std::string_view text) {
  Pressure pressure;
  const std::string_view all = text;
  while (const auto line = TakeLine(text)) {
    std::string_view rest = *line;
    const std::string_view kind = TakeWord(rest);
    if (kind != "some" && kind != "full") continue;
    const std::optional<double> total = TotalIn(rest);
    if (!total) return Malformed("a total", *line);
    (kind == "some" ? pressure.some : pressure.full) = total;
  }
  if (!pressure.some && !pressure.full) return Malformed("a line of some or full", all);
  return pressure;
}

}  // namespace tocsin::collectors
