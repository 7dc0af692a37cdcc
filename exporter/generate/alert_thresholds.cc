#include "exporter/generate/alert_thresholds.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/nearest_word.h"
#include "rules/promql/analysis.h"
#include "rules/promql/parser.h"

namespace tocsin::generate {
namespace {

using promql::BinaryOp;

std::optional<double> NumberIn(const promql::Expr& expr) {
  const promql::Expr& inner = promql::StripParens(expr);
  if (const auto* number = std::get_if<promql::NumberLiteral>(&inner.node)) return number->value;
  if (const auto* unary = std::get_if<promql::Unary>(&inner.node)) {
    const std::optional<double> number = NumberIn(*unary->expr);
    if (number) return unary->minus ? -*number : *number;
  }
  return std::nullopt;
}

/// `5 < x` as `x > 5`.
BinaryOp Mirrored(BinaryOp op) {
  if (op == BinaryOp::kGreater) return BinaryOp::kLess;
  if (op == BinaryOp::kLess) return BinaryOp::kGreater;
  if (op == BinaryOp::kGreaterOrEqual) return BinaryOp::kLessOrEqual;
  if (op == BinaryOp::kLessOrEqual) return BinaryOp::kGreaterOrEqual;
  return op;
}

struct Comparison {
  AlertThreshold threshold;
  const promql::Expr* compared;
};

std::optional<Comparison> ComparisonIn(const promql::Expr& expr) {
  const auto* binary = std::get_if<promql::Binary>(&promql::StripParens(expr).node);
  if (binary == nullptr || !promql::IsComparison(binary->op) || binary->return_bool) {
    return std::nullopt;
  }
  BinaryOp op = binary->op;
  const promql::Expr* compared = binary->lhs.get();
  std::optional<double> number = NumberIn(*binary->rhs);
  if (!number) {
    number = NumberIn(*binary->lhs);
    compared = binary->rhs.get();
    op = Mirrored(op);
  }
  if (!number) return std::nullopt;
  Bad bad = Bad::kAbove;  // `!=` too: what differs from 0 is nearly always above it.
  if (op == BinaryOp::kLess || op == BinaryOp::kLessOrEqual) bad = Bad::kBelow;
  if (op == BinaryOp::kEqual) bad = Bad::kEqual;
  const bool strict =
      op == BinaryOp::kLess || op == BinaryOp::kGreater || op == BinaryOp::kNotEqual;
  return Comparison{{*number, bad, strict}, compared};
}

/// The comparison that the value of `expr` comes from; null with `or`, where there are two.
const promql::Expr* ValueGiver(const promql::Expr& expr) {
  const promql::Expr* at = &promql::StripParens(expr);
  while (const auto* binary = std::get_if<promql::Binary>(&at->node)) {
    if (!promql::IsSet(binary->op)) break;
    if (binary->op == BinaryOp::kOr) return nullptr;
    at = &promql::StripParens(*binary->lhs);
  }
  return at;
}

bool Reads(const promql::Expr& expr, std::string_view metric) {
  return std::ranges::any_of(promql::Selectors(expr), [metric](const auto* selector) {
    return promql::MetricNameOf(*selector) == metric;
  });
}

std::vector<AlertThreshold> ComparisonsOf(const promql::Expr& root, std::string_view metric) {
  std::vector<AlertThreshold> found;
  promql::Walk(root, [&](const promql::Expr& expr) {
    // A comparison in parentheses is walked over twice.
    if (std::holds_alternative<promql::Paren>(expr.node)) return;
    const std::optional<Comparison> comparison = ComparisonIn(expr);
    if (comparison && Reads(*comparison->compared, metric)) found.push_back(comparison->threshold);
  });
  return found;
}

std::string_view ValueOf(const TextMap& texts, std::string_view name) {
  for (const auto& [key, value] : texts) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

Result<AlertThreshold> ThresholdOf(std::string_view expr, std::string_view metric) {
  const promql::ParseResult parsed = promql::Parse(expr, {});
  if (!parsed) return Error{ErrorCode::kInvalidInput, parsed.error.ToString(expr)};
  const promql::Expr& root = *parsed.query->root;
  if (metric.empty()) {
    const promql::Expr* giver = ValueGiver(root);
    const std::optional<Comparison> comparison =
        giver == nullptr ? std::nullopt : ComparisonIn(*giver);
    if (comparison) return comparison->threshold;
    return Error{ErrorCode::kInvalidInput,
                 "its value does not come from one comparison with a number: name the metric"};
  }
  const std::vector<AlertThreshold> found = ComparisonsOf(root, metric);
  if (found.size() == 1) return found.front();
  return Error{ErrorCode::kInvalidInput, fmt::format("{} comparisons of {} with a number, not one",
                                                     found.empty() ? "no" : "several", metric)};
}

std::string_view CataloguedAlert::Severity() const {
  return ValueOf(rule.labels, "severity");
}

std::string_view CataloguedAlert::Annotation(std::string_view name) const {
  return ValueOf(rule.annotations, name);
}

Result<AlertCatalogue> AlertCatalogue::Read(std::span<const EmbeddedFile> packs) {
  AlertCatalogue catalogue;
  std::string mistakes;
  for (const EmbeddedFile& file : packs) {
    Diagnostics diagnostics(fmt::format("alerts/{}", file.name));
    std::vector<std::string> warnings;
    const std::string name(file.name);
    const std::size_t slash = name.rfind('/') + 1;  // 0 without one.
    const std::string pack = name.substr(slash, name.rfind('.') - slash);
    for (RuleGroup& group : ParseRuleFile(file.text, name, {}, diagnostics, warnings)) {
      for (Rule& rule : group.rules) {
        if (rule.kind != Rule::Kind::kAlerting) continue;
        const std::string alert = rule.name;
        catalogue.alerts_.emplace(alert, CataloguedAlert{std::move(rule), pack, slash != 0});
      }
    }
    if (!diagnostics.empty()) mistakes += (mistakes.empty() ? "" : "\n") + diagnostics.Text();
  }
  if (!mistakes.empty()) return Error{ErrorCode::kInvalidInput, mistakes};
  return catalogue;
}

const CataloguedAlert* AlertCatalogue::Find(std::string_view name) const {
  const auto found = alerts_.find(name);
  return found == alerts_.end() ? nullptr : &found->second;
}

std::string_view AlertCatalogue::Nearest(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const auto& [alert, unused] : alerts_) names.push_back(alert);
  return NearestWord(name, names).value_or("");
}

std::vector<std::string_view> AlertCatalogue::NamesOf(std::string_view pack) const {
  std::vector<std::string_view> names;
  for (const auto& [name, alert] : alerts_) {
    const std::string_view own = alert.pack;
    const bool sibling = own.starts_with(pack) && own.substr(pack.size()).starts_with('-');
    if (own == pack || (alert.optional && sibling)) names.push_back(name);
  }
  return names;
}

}  // namespace tocsin::generate
