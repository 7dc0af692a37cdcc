#include "rules/unit_test/alert_comparison.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "base/quote.h"

namespace tocsin::unit_test {
namespace {

/// Both are sorted.
bool Match(const TextMap& expected, const TextMap& found, bool is_subset) {
  return is_subset ? std::ranges::includes(found, expected) : expected == found;
}

bool Match(const ExpectedAlert& expected, const FoundAlert& found) {
  return Match(expected.labels, found.labels, expected.labels_subset) &&
         Match(expected.annotations, found.annotations, expected.annotations_subset);
}

/// Finds a partner for each expected alert among those found. With subsets, the first that fits may
/// be the only one that fits another: then that other one takes it over.
/// Source: the augmenting paths of bipartite matching.
class Pairing {
 public:
  Pairing(const std::vector<ExpectedAlert>& expected, const std::vector<FoundAlert>& found)
      : expected_(expected), found_(found), partner_(found.size(), kNone) {}

  bool IsComplete() {
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      asked_.assign(found_.size(), false);
      if (!FindPartner(i)) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  bool FindPartner(std::size_t expected) {
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (asked_[i] || !Match(expected_[expected], found_[i])) continue;
      asked_[i] = true;
      if (partner_[i] != kNone && !FindPartner(partner_[i])) continue;
      partner_[i] = expected;
      return true;
    }
    return false;
  }

  const std::vector<ExpectedAlert>& expected_;
  const std::vector<FoundAlert>& found_;
  std::vector<std::size_t> partner_;  ///< Of those found: which expected one.
  std::vector<bool> asked_;
};

std::string Braces(const TextMap& texts) {
  std::string text = "{";
  for (const auto& [name, value] : texts) {
    if (text.size() > 1) text += ", ";
    text.append(name).append("=");
    AppendQuoted(text, value);
  }
  return text + "}";
}

struct Lines {
  std::string labels;
  std::string annotations;
};

std::string List(const std::vector<Lines>& alerts) {
  if (alerts.empty()) return "[]";
  std::string text = "[";
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    text +=
        fmt::format("\n    {}:\n      {}\n      {}", i, alerts[i].labels, alerts[i].annotations);
  }
  return text + "\n    ]";
}

}  // namespace

FoundAlert FoundFrom(const ActiveAlert& alert) {
  FoundAlert found;
  for (const Label& label : alert.labels) {
    found.labels.emplace_back(label.name.text(), label.value.text());
  }
  found.annotations = alert.annotations;
  return found;
}

bool AreAsExpected(const std::vector<ExpectedAlert>& expected,
                   const std::vector<FoundAlert>& found) {
  return expected.size() == found.size() && Pairing(expected, found).IsComplete();
}

std::string Describe(std::vector<FoundAlert> alerts) {
  std::ranges::sort(alerts, {}, [](const FoundAlert& alert) {
    return std::tie(alert.labels, alert.annotations);
  });
  std::vector<Lines> lines;
  lines.reserve(alerts.size());
  for (const FoundAlert& alert : alerts) {
    lines.push_back({"Labels:" + Braces(alert.labels), "Annotations:" + Braces(alert.annotations)});
  }
  return List(lines);
}

std::string Describe(const std::vector<ExpectedAlert>& alerts) {
  std::vector<ExpectedAlert> sorted = alerts;
  std::ranges::sort(sorted, {}, [](const ExpectedAlert& alert) {
    return std::tie(alert.labels, alert.annotations);
  });
  std::vector<Lines> lines;
  lines.reserve(alerts.size());
  for (const ExpectedAlert& alert : sorted) {
    lines.push_back({(alert.labels_subset ? "Labels (subset):" : "Labels:") + Braces(alert.labels),
                     (alert.annotations_subset ? "Annotations (subset):" : "Annotations:") +
                         Braces(alert.annotations)});
  }
  return List(lines);
}

}  // namespace tocsin::unit_test
