#include "collectors/proc/meminfo.h"

#include "collectors/proc/fields.h"

namespace tocsin::collectors {
namespace {

constexpr std::size_t kUsualFields = 64;

Result<MemoryField> ParseField(std::string_view line) {
  constexpr std::string_view kExpected = "a name, a colon, a number and perhaps kB";
  std::string_view rest = line;
  const std::string_view name = TakeWord(rest);
  const std::optional<std::uint64_t> number = ParseCount(TakeWord(rest));
  const std::string_view unit = TakeWord(rest);
  if (name.size() < 2 || !name.ends_with(':') || !number || (!unit.empty() && unit != "kB")) {
    return Malformed(kExpected, line);
  }
  return MemoryField{name.substr(0, name.size() - 1),
                     static_cast<double>(*number) * (unit.empty() ? 1 : 1024)};
}

}  // namespace

Result<std::vector<MemoryField>> ParseMeminfo(std::string_view text) {
  std::vector<MemoryField> fields;
  fields.reserve(kUsualFields);
  while (const auto line = TakeLine(text)) {
    if (Trimmed(*line).empty()) continue;
    const Result<MemoryField> field = ParseField(*line);
    if (!field) return field.error();
    fields.push_back(*field);
  }
  if (fields.empty()) return Malformed("the lines of /proc/meminfo", "");
  return fields;
}

}  // namespace tocsin::collectors
