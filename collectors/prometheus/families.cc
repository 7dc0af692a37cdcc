#include "collectors/prometheus/families.h"

#include <array>
#include <optional>
#include <utility>

#include "base/number.h"

namespace tocsin::collectors {
namespace {

constexpr std::string_view kTotal = "_total";
constexpr std::string_view kInfo = "_info";
constexpr std::string_view kCreated = "_created";

/// The parts that a name may have after the family's: those of whole histograms and summaries.
struct Part {
  std::string_view suffix;
  bool of_histograms;
  bool of_summaries;
};
constexpr std::array<Part, 3> kParts = {{
    {"_bucket", true, false},
    {"_sum", true, true},
    {"_count", true, true},
}};

/// `name` without `suffix`; nothing if it does not end so, or is nothing else.
std::optional<std::string_view> Without(std::string_view name, std::string_view suffix) {
  if (name.size() <= suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  return name.substr(0, name.size() - suffix.size());
}

}  // namespace

PageComments::Noted PageComments::AddType(std::string_view name, std::string_view word) {
  constexpr std::array<std::pair<std::string_view, Word>, 9> kWords = {{
      {"counter", Word::kCounter},
      {"gauge", Word::kGauge},
      {"histogram", Word::kHistogram},
      {"summary", Word::kSummary},
      {"untyped", Word::kOther},
      {"unknown", Word::kOther},
      {"info", Word::kInfo},
      {"stateset", Word::kGauge},
      {"gaugehistogram", Word::kOther},
  }};
  for (const auto& [text, type] : kWords) {
    if (text != word) continue;
    Declared& declared = declared_[std::string(name)];
    if (declared.type != Word::kNone) return Noted::kRepeated;
    declared.type = type;
    return Noted::kNew;
  }
  return Noted::kUnknownType;
}

void PageComments::AddHelp(std::string_view name, std::string_view text) {
  Declared& declared = declared_[std::string(name)];
  if (std::exchange(declared.has_help, true)) return;
  declared.help = text;
}

MetricType PageComments::TypeOf(Word word) {
  switch (word) {
    case Word::kCounter: return MetricType::kCounter;
    case Word::kGauge:
    case Word::kInfo: return MetricType::kGauge;
    case Word::kHistogram: return MetricType::kHistogram;
    case Word::kSummary: return MetricType::kSummary;
    case Word::kNone:
    case Word::kOther: break;
  }
  return MetricType::kUnknown;
}

const PageComments::Declared* PageComments::Find(std::string_view name) const {
  const auto found = declared_.find(name);
  return found == declared_.end() ? nullptr : &found->second;
}

bool PageComments::IsCreationTime(std::string_view name) const {
  const std::optional<std::string_view> base = Without(name, kCreated);
  if (!base) return false;
  const auto is_cumulative = [&](std::string_view family) {
    const Declared* const declared = Find(family);
    return declared != nullptr &&
           (declared->type == Word::kCounter || declared->type == Word::kHistogram ||
            declared->type == Word::kSummary);
  };
  return is_cumulative(*base) || is_cumulative(std::string(*base).append(kTotal));
}

PageComments::Family PageComments::FamilyOf(std::string_view name) const {
  if (IsCreationTime(name)) return {.name = std::string(name), .passed_over = true};
  const Declared* const own = Find(name);
  if (own != nullptr && own->type != Word::kNone && own->type != Word::kHistogram) {
    return {std::string(name), TypeOf(own->type), own->help};
  }
  for (const Part& part : kParts) {
    const std::optional<std::string_view> base = Without(name, part.suffix);
    const Declared* const whole = base ? Find(*base) : nullptr;
    if (whole == nullptr) continue;
    if ((whole->type == Word::kHistogram && part.of_histograms) ||
        (whole->type == Word::kSummary && part.of_summaries)) {
      return {std::string(*base), TypeOf(whole->type), whole->help};
    }
  }
  for (const auto& [suffix, type] : {std::pair{kTotal, Word::kCounter}, {kInfo, Word::kInfo}}) {
    const std::optional<std::string_view> base = Without(name, suffix);
    const Declared* const whole = base ? Find(*base) : nullptr;
    if (whole == nullptr || whole->type != type) continue;
    return {std::string(name), TypeOf(type), whole->help};
  }
  return {std::string(name), MetricType::kUnknown, own == nullptr ? std::string() : own->help};
}

std::string CanonicalLabelValue(MetricType type, std::string_view label, std::string_view value) {
  const bool is_number = (type == MetricType::kHistogram && label == "le") ||
                         (type == MetricType::kSummary && label == "quantile");
  const std::optional<double> number = is_number ? ParseNumber(value) : std::nullopt;
  if (!number) return std::string(value);
  std::string canonical;
  AppendCanonicalNumber(canonical, *number);
  return canonical;
}

}  // namespace tocsin::collectors
