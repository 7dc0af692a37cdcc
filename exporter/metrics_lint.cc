#include "exporter/metrics_lint.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

struct Unit {
  std::string_view name;
  std::string_view base;
};

constexpr std::array kUnits = {
    Unit{"amperes", "amperes"}, Unit{"bytes", "bytes"},        Unit{"celsius", "celsius"},
    Unit{"grams", "grams"},     Unit{"joules", "joules"},      Unit{"kelvin", "kelvin"},
    Unit{"meters", "meters"},   Unit{"metres", "metres"},      Unit{"seconds", "seconds"},
    Unit{"volts", "volts"},     Unit{"minutes", "seconds"},    Unit{"hours", "seconds"},
    Unit{"days", "seconds"},    Unit{"weeks", "seconds"},      Unit{"kelvins", "kelvin"},
    Unit{"rankine", "celsius"}, Unit{"fahrenheit", "celsius"}, Unit{"inches", "meters"},
    Unit{"yards", "meters"},    Unit{"miles", "meters"},       Unit{"bits", "bytes"},
    Unit{"calories", "joules"}, Unit{"pounds", "grams"},       Unit{"ounces", "grams"},
};

constexpr std::array<std::string_view, 18> kPrefixes = {
    "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo",
    "kibi", "mega", "mibi",  "giga",  "gibi",  "tera", "tebi", "peta",  "pebi"};

constexpr std::array<std::string_view, 14> kAbbreviations = {
    "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"};

constexpr std::array<std::string_view, 4> kTypes = {"counter", "gauge", "histogram", "summary"};

/// Whether `word` is one of the later words of `name`, which are separated by "_".
bool HasLaterWord(std::string_view name, std::string_view word) {
  return name.find(fmt::format("_{}_", word)) != std::string_view::npos ||
         name.ends_with(fmt::format("_{}", word));
}

bool IsCamelCase(std::string_view name) {
  for (std::size_t i = 1; i < name.size(); ++i) {
    const bool lower_before = name[i - 1] >= 'a' && name[i - 1] <= 'z';
    if (lower_before && name[i] >= 'A' && name[i] <= 'Z') return true;
  }
  return false;
}

bool IsUnit(std::string_view word, std::string_view unit) {
  if (!word.ends_with(unit)) return false;
  const std::string_view prefix = word.substr(0, word.size() - unit.size());
  return prefix.empty() || std::find(kPrefixes.begin(), kPrefixes.end(), prefix) != kPrefixes.end();
}

/// Adds what is said about one family to `findings`.
class Linter {
 public:
  Linter(const TextFamily& family, std::vector<std::string>& findings)
      : family_(family), name_(family.name), findings_(findings) {}

  void Run() {
    if (!family_.has_help) Say("no help text");
    LintUnits();
    LintCounter();
    LintReservedSuffixesAndLabels();
    LintSpelling();
  }

 private:
  void Say(std::string_view what) { findings_.push_back(fmt::format("{} {}", name_, what)); }

  void LintUnits() {
    std::string_view rest = name_;
    while (!rest.empty()) {
      const std::string_view word = rest.substr(0, rest.find('_'));
      const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                     [&](const Unit& known) { return IsUnit(word, known.name); });
      if (unit != kUnits.end()) {
        if (word != unit->base) {
          Say(fmt::format("use base unit \"{}\" instead of \"{}\"", unit->base, word));
        }
        return;
      }
      rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    }
  }

  void LintCounter() {
    const bool total = name_.ends_with("_total");
    if (family_.type == "counter" && !total) Say("counter metrics should have \"_total\" suffix");
    if (family_.type != "counter" && family_.type != "untyped" && total) {
      Say("non-counter metrics should not have \"_total\" suffix");
    }
  }

  void LintReservedSuffixesAndLabels() {
    if (family_.type == "untyped") return;
    const bool histogram = family_.type == "histogram";
    const bool summary = family_.type == "summary";
    if (!histogram && name_.ends_with("_bucket")) {
      Say("non-histogram metrics should not have \"_bucket\" suffix");
    }
    for (const std::string_view suffix : {"_count", "_sum"}) {
      if (histogram || summary || !name_.ends_with(suffix)) continue;
      Say(fmt::format("non-histogram and non-summary metrics should not have \"{}\" suffix",
                      suffix));
    }
    for (const std::string& label : family_.label_names) {
      if (label == "le") Say("non-histogram metrics should not have \"le\" label");
      if (label == "quantile") Say("non-summary metrics should not have \"quantile\" label");
    }
  }

  void LintSpelling() {
    const std::string lower = LowerCase(name_);
    for (const std::string_view type : kTypes) {
      if (HasLaterWord(lower, type)) {
        Say(fmt::format("metric name should not include type '{}'", type));
      }
    }
    if (name_.find(':') != std::string::npos) Say("metric names should not contain ':'");
    if (IsCamelCase(name_)) Say("metric names should be written in 'snake_case' not 'camelCase'");
    for (const std::string& label : family_.label_names) {
      if (!IsCamelCase(label)) continue;
      Say("label names should be written in 'snake_case' not 'camelCase'");
      break;
    }
    for (const std::string_view abbreviation : kAbbreviations) {
      if (!HasLaterWord(lower, abbreviation)) continue;
      Say("metric names should not contain abbreviated units");
      break;
    }
  }

  const TextFamily& family_;
  const std::string& name_;
  std::vector<std::string>& findings_;
};

}  // namespace

std::vector<std::string> LintMetrics(const std::vector<TextFamily>& families) {
  std::vector<std::string> findings;
  for (const TextFamily& family : families) {
    if (family.samples > 0) Linter(family, findings).Run();
  }
  std::sort(findings.begin(), findings.end());
  return findings;
}

}  // namespace tocsin
