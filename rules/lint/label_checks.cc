// Which labels there are, and which there cannot be.

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/labels.h"
#include "rules/lint/check.h"
#include "rules/promql/analysis.h"

namespace tocsin::lint {
namespace {

using promql::AggregateOp;
using promql::Binary;
using promql::BinaryOp;
using promql::Expr;
using promql::ResultLabels;

bool IsMatched(const promql::VectorMatching& how, const std::string& label) {
  const bool named = std::find(how.labels.begin(), how.labels.end(), label) != how.labels.end();
  return named == how.on;
}

/// A label that is matched, and that `with` counts on while `without` cannot have it.
std::optional<std::string> LabelInTheWay(const ResultLabels& with, const ResultLabels& without,
                                         const promql::VectorMatching& how) {
  for (const std::string& label : with.expected) {
    if (IsMatched(how, label) && !without.possible.Has(label)) return label;
  }
  return std::nullopt;
}

bool IsVectorMatch(const Binary& binary) {
  return binary.lhs->type == promql::ValueType::kVector &&
         binary.rhs->type == promql::ValueType::kVector;
}

void CheckMatch(const Subject& subject, const Expr& expr, const Binary& binary, Report& report) {
  const promql::VectorMatching& how = binary.matching;
  if (binary.op == BinaryOp::kOr || how.fill_left || how.fill_right) return;
  const ResultLabels left = promql::LabelsOf(*binary.lhs);
  const ResultLabels right = promql::LabelsOf(*binary.rhs);
  const auto say = [&](const std::string& label, std::string_view has, std::string_view lacks) {
    report.AtExpr(subject, expr, Severity::kWarning,
                  fmt::format("nothing matches in '{}': the {} side has the label \"{}\", which "
                              "the {} side has not",
                              subject.Shown(expr), has, label, lacks));
  };
  if (const auto in_left = LabelInTheWay(left, right, how)) {
    say(*in_left, "left", "right");
  } else if (const auto in_right = LabelInTheWay(right, left, how)) {
    say(*in_right, "right", "left");
  }
}

/// Labels that are to be taken from the other side, and are not there.
void CheckInclude(const Subject& subject, const Expr& expr, const Binary& binary, Report& report) {
  const bool from_right = binary.matching.cardinality == promql::Cardinality::kManyToOne;
  const ResultLabels one = promql::LabelsOf(from_right ? *binary.rhs : *binary.lhs);
  for (const std::string& label : binary.matching.include) {
    if (one.possible.Has(label) || label == kMetricNameLabel) continue;
    report.AtExpr(
        subject, expr, Severity::kWarning,
        fmt::format("{}({}) takes a label that the {} side, '{}', has not",
                    from_right ? "group_left" : "group_right", label, from_right ? "right" : "left",
                    subject.Shown(from_right ? *binary.rhs : *binary.lhs)));
  }
}

/// Whether it chooses among series. One of each group is the way to get rid of duplicates.
bool Chooses(const promql::Aggregate& aggregate) {
  using enum AggregateOp;
  constexpr std::array kSelecting = {kTopk, kBottomk, kLimitk, kLimitRatio};
  if (std::find(kSelecting.begin(), kSelecting.end(), aggregate.op) == kSelecting.end()) {
    return false;
  }
  const auto* const count = std::get_if<promql::NumberLiteral>(&aggregate.parameter->node);
  return aggregate.grouping.empty() || count == nullptr || count->value != 1;
}

/// Finds an aggregation whose series come and go, and whose labels are those of the result.
const Expr* FindFlapping(const Expr& expr) {
  const auto* const aggregate = std::get_if<promql::Aggregate>(&expr.node);
  if (aggregate != nullptr) return Chooses(*aggregate) ? &expr : nullptr;
  if (expr.type == promql::ValueType::kScalar) return nullptr;
  const Expr* found = nullptr;
  promql::ForEachChild(expr, [&](const Expr& child) {
    if (found == nullptr) found = FindFlapping(child);
  });
  return found;
}

}  // namespace

void CheckVectorMatching(const Subject& subject, const Context& /*context*/, Report& report) {
  promql::Walk(subject.expr(), [&](const Expr& expr) {
    const auto* const binary = std::get_if<Binary>(&expr.node);
    if (binary == nullptr || !IsVectorMatch(*binary)) return;
    CheckMatch(subject, expr, *binary, report);
    CheckInclude(subject, expr, *binary, report);
  });
}

void CheckAggregate(const Subject& subject, const Context& /*context*/, Report& report) {
  promql::Walk(subject.expr(), [&](const Expr& expr) {
    const auto* const aggregate = std::get_if<promql::Aggregate>(&expr.node);
    if (aggregate == nullptr || aggregate->without) return;
    const ResultLabels inner = promql::LabelsOf(*aggregate->expr);
    for (const std::string& label : aggregate->grouping) {
      if (inner.possible.Has(label) || label == kMetricNameLabel) continue;
      report.AtExpr(subject, expr, Severity::kWarning,
                    fmt::format("by ({}) has no effect: '{}' has no such label", label,
                                subject.Shown(*aggregate->expr)));
    }
  });
}

void CheckFragile(const Subject& subject, const Context& /*context*/, Report& report) {
  if (!subject.is_alert()) return;
  const Expr* const flapping = FindFlapping(subject.expr());
  if (flapping == nullptr) return;
  const auto& aggregate = std::get<promql::Aggregate>(flapping->node);
  report.AtExpr(subject, *flapping, Severity::kWarning,
                fmt::format("{} can choose other series each time, so that alerts come and go",
                            promql::Name(aggregate.op)));
}

}  // namespace tocsin::lint
