#include "bench/rulefile_series.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <variant>

#include "rules/promql/analysis.h"
#include "rules/promql/functions.h"

namespace tocsin::bench {
namespace {

using promql::Expr;
using Names = std::set<std::string, std::less<>>;
/// What a selector says of one label after another.
using Conditions = std::map<std::string, std::vector<Matcher>, std::less<>>;

constexpr std::size_t kSeriesPerName = 1'000;
constexpr std::size_t kGroups = 25;
constexpr std::array<std::string_view, 10> kBounds = {"0.1", "0.25", "0.5",  "1.0",  "2.5",
                                                      "5.0", "10.0", "25.0", "50.0", "+Inf"};

/// What an expression asks of the series with one name.
struct Asked {
  std::vector<Conditions> selectors;
  Names labels;  ///< Of aggregations and joins.
  bool is_counter = false;
};

/// A text that a regular expression matches, of those that people write in selectors: the first
/// alternative of each choice, the least of each repetition.
class Sampler {
 public:
  explicit Sampler(std::string_view pattern) : pattern_(pattern) {}

  std::string Alternatives() {
    std::string first = Sequence();
    while (Take('|')) Sequence();
    return first;
  }

 private:
  bool Take(char c) {
    if (pattern_.empty() || pattern_.front() != c) return false;
    pattern_.remove_prefix(1);
    return true;
  }
  char Next() {
    const char c = pattern_.empty() ? '\0' : pattern_.front();
    if (!pattern_.empty()) pattern_.remove_prefix(1);
    return c;
  }
  std::string Sequence() {
    std::string text;
    while (!pattern_.empty() && pattern_.front() != '|' && pattern_.front() != ')') {
      const std::string atom = Atom();
      if (Take('*') || Take('?')) continue;
      Take('+');
      text += atom;
    }
    return text;
  }
  std::string Atom() {
    const char c = Next();
    if (c == '.') return "x";
    if (c == '^' || c == '$') return "";
    if (c == '(') return Group();
    if (c == '[') {
      const char first = Next();
      while (!pattern_.empty() && Next() != ']') continue;
      return std::string(1, first);
    }
    if (c != '\\') return std::string(1, c);
    const char escaped = Next();
    return std::string(1, escaped == 'd' ? '1' : escaped == 'w' ? 'x' : escaped);
  }
  std::string Group() {
    if (Take('?')) {
      char flag = Next();
      while (flag != ':' && flag != ')' && flag != '\0') flag = Next();
      if (flag == ')') return "";  // `(?i)`: flags alone.
    }
    std::string text = Alternatives();
    Take(')');
    return text;
  }

  std::string_view pattern_;
};

/// Values that satisfy all conditions on a label, as different ones as are easily found; "" is a
/// series without the label. Empty if none is found.
std::vector<std::string> ValuesFor(std::string_view label, const std::vector<Matcher>& conditions) {
  std::vector<std::string> candidates;
  for (const Matcher& condition : conditions) {
    if (condition.type() == MatchType::kEqual) candidates.emplace_back(condition.value());
    if (condition.type() != MatchType::kRegexp) continue;
    candidates.insert(candidates.end(), condition.set().begin(), condition.set().end());
    candidates.push_back(Sampler(condition.value()).Alternatives());
  }
  // What an inequality, or `.+`, leaves open.
  for (const char* const suffix : {"-a", "-b", "-c"})
    candidates.push_back(std::string(label) + suffix);
  candidates.insert(candidates.end(), {"1", "200", "500"});
  std::vector<std::string> values;
  for (const bool may_be_empty : {false, true}) {
    if (!values.empty()) break;
    if (may_be_empty) candidates.emplace_back();
    for (const std::string& candidate : candidates) {
      if (candidate.empty() != may_be_empty) continue;
      if (std::ranges::count(values, candidate) > 0) continue;
      if (std::ranges::all_of(conditions, [&](const Matcher& c) { return c.Matches(candidate); })) {
        values.push_back(candidate);
      }
    }
  }
  return values;
}

bool IsCounterFunction(std::string_view name) {
  return name == "rate" || name == "irate" || name == "increase" || name == "resets";
}

/// What an expression asks of its series, by name.
class Demand {
 public:
  explicit Demand(const Expr& expr) { Collect(expr, {}, false); }
  const std::map<std::string, Asked>& by_name() const { return by_name_; }

 private:
  /// `labels` are named by what is around the expression.
  void Collect(const Expr& expr, Names labels, bool is_counter) {
    if (const promql::VectorSelector* const selector = promql::SelectorOf(expr)) {
      Add(*selector, labels, is_counter);
      return;
    }
    if (const auto* const aggregate = std::get_if<promql::Aggregate>(&expr.node)) {
      labels.insert(aggregate->grouping.begin(), aggregate->grouping.end());
    } else if (const auto* const binary = std::get_if<promql::Binary>(&expr.node)) {
      labels.insert(binary->matching.labels.begin(), binary->matching.labels.end());
      labels.insert(binary->matching.include.begin(), binary->matching.include.end());
    } else if (const auto* const call = std::get_if<promql::Call>(&expr.node)) {
      is_counter = IsCounterFunction(call->function->name);
      AddSources(*call, labels);
    }
    promql::ForEachChild(expr, [&](const Expr& child) { Collect(child, labels, is_counter); });
  }
  /// The labels that label_replace() and label_join() read.
  static void AddSources(const promql::Call& call, Names& labels) {
    constexpr std::size_t kFirstSource = 3;
    const bool is_replace = call.function->name == "label_replace";
    if (!is_replace && call.function->name != "label_join") return;
    const std::size_t end = is_replace ? kFirstSource + 1 : call.args.size();
    for (std::size_t i = kFirstSource; i < std::min(end, call.args.size()); ++i) {
      const auto* const source = std::get_if<promql::StringLiteral>(&call.args[i]->node);
      if (source != nullptr && IsUtf8Name(source->value)) labels.insert(source->value);
    }
  }
  void Add(const promql::VectorSelector& selector, const Names& labels, bool is_counter) {
    Conditions conditions;
    for (const Matcher& matcher : selector.matchers) {
      conditions[std::string(matcher.name().text())].push_back(matcher);
    }
    std::string name = "m";
    if (auto found = conditions.extract(std::string(kMetricNameLabel)); found) {
      const std::vector<std::string> names = ValuesFor("name", found.mapped());
      if (!names.empty() && !names.front().empty()) name = names.front();
    }
    Asked& asked = by_name_[name];
    if (std::ranges::find(asked.selectors, conditions) == asked.selectors.end()) {
      asked.selectors.push_back(std::move(conditions));
    }
    asked.labels.insert(labels.begin(), labels.end());
    asked.labels.erase(std::string(kMetricNameLabel));
    asked.is_counter = asked.is_counter || is_counter;
  }

  std::map<std::string, Asked> by_name_;
};

}  // namespace

/// Makes the series of one name after another.
class RulefileSeriesMaker {
 public:
  RulefileSeriesMaker(RulefileSeries& series, RulefileSeries::Spread spread)
      : series_(series), is_unique_(spread == RulefileSeries::Spread::kUnique) {}

  /// Series i is made for selector i % n, and tells of thing i / n, so that what two selectors
  /// select joins.
  void Make(const std::string& name, const Asked& asked) {
    const bool is_bucket = name.ends_with("_bucket");
    const bool is_counter = asked.is_counter || name.ends_with("_total") ||
                            name.ends_with("_count") || name.ends_with("_sum");
    const std::vector<std::vector<Choice>> choices = ChoicesOf(asked.selectors);
    std::unordered_set<Labels> known;
    for (std::size_t i = 0; i < kSeriesPerName; ++i) {
      const std::vector<Choice>& selector = choices[i % choices.size()];
      const bool has_bound = std::ranges::count(selector, "le", &Choice::label) > 0;
      std::size_t thing = i / choices.size();
      LabelsBuilder builder;
      builder.Set(kMetricNameLabel, name);
      if (is_bucket && !has_bound) {
        builder.Set("le", kBounds[thing % kBounds.size()]);
        thing /= kBounds.size();
      }
      SetLabels(builder, asked.labels, thing);
      for (const Choice& choice : selector) Choose(builder, choice, thing);
      Labels labels = builder.Build();
      if (!known.insert(labels).second) continue;
      series_.labels_.push_back(std::move(labels));
      series_.kinds_.push_back(is_bucket    ? RulefileSeries::Kind::kBucket
                               : is_counter ? RulefileSeries::Kind::kCounter
                                            : RulefileSeries::Kind::kGauge);
    }
  }

 private:
  /// What a selector says of a label, and values that satisfy it.
  struct Choice {
    std::string label;
    std::vector<Matcher> conditions;
    std::vector<std::string> values;
  };

  static std::vector<std::vector<Choice>> ChoicesOf(const std::vector<Conditions>& selectors) {
    std::vector<std::vector<Choice>> all;
    for (const Conditions& conditions : selectors) {
      std::vector<Choice>& choices = all.emplace_back();
      for (const auto& [label, matchers] : conditions) {
        choices.push_back({label, matchers, ValuesFor(label, matchers)});
      }
    }
    return all;
  }
  std::string Group(std::size_t thing) const {
    return std::to_string(is_unique_ ? thing : thing % kGroups);
  }
  void SetLabels(LabelsBuilder& builder, const Names& named, std::size_t thing) const {
    builder.Set("instance", "host-" + Group(thing) + ":9100");
    builder.Set("job", "job-" + std::to_string(thing % kGroups));
    for (const std::string& label : named) {
      if (label != "le" && label != "instance") builder.Set(label, label + "-" + Group(thing));
    }
    builder.Set("asset", "a" + std::to_string(thing));
  }
  /// A value like that of other labels if it will do, so that joins by the label find partners.
  void Choose(LabelsBuilder& builder, const Choice& choice, std::size_t thing) const {
    if (builder.Get(choice.label).empty())
      builder.Set(choice.label, choice.label + "-" + Group(thing));
    const std::string_view value = builder.Get(choice.label);
    const auto accepts = [&](const Matcher& condition) { return condition.Matches(value); };
    if (std::ranges::all_of(choice.conditions, accepts) || choice.values.empty()) return;
    builder.Set(choice.label, choice.values[thing % choice.values.size()]);
  }

  RulefileSeries& series_;
  bool is_unique_;
};

RulefileSeries::RulefileSeries(const promql::Query& query, Spread spread) {
  RulefileSeriesMaker maker(*this, spread);
  const Demand demand(*query.root);
  for (const auto& [name, asked] : demand.by_name()) maker.Make(name, asked);
}

void RulefileSeries::Values(std::size_t step, std::span<double> values) const {
  constexpr std::size_t kStepsPerMinute = 4;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (kinds_[i] == Kind::kGauge) {
      const bool is_random = i % 4 == 1;
      const std::uint64_t seed = i * 7919 + (is_random ? step : step / kStepsPerMinute) * 104729;
      // Half of those that do not change are 0, half 1, as of what is up.
      values[i] = i % 2 == 0 ? static_cast<double>(i / 2 % 2)
                             : static_cast<double>((seed * 0x9e3779b97f4a7c15 >> 40) % 1000) / 1000;
    } else if (kinds_[i] == Kind::kCounter) {
      values[i] = static_cast<double>(step * (1 + i % 13) + i);
    } else {
      // The bounds of a histogram follow one another, and a higher one holds the lower ones.
      values[i] = static_cast<double>(step * (1 + i % kBounds.size()));
    }
  }
}

}  // namespace tocsin::bench
