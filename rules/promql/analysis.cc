#include "rules/promql/analysis.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/labels.h"
#include "rules/promql/functions.h"

namespace tocsin::promql {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

/// Calls `visit` for the operands of one kind of node.
struct Children {
  const ExprVisitor& visit;

  void operator()(const NumberLiteral&) const {}
  void operator()(const StringLiteral&) const {}
  void operator()(const VectorSelector&) const {}
  void operator()(const MatrixSelector&) const {}
  void operator()(const Subquery& subquery) const { visit(*subquery.expr); }
  void operator()(const Call& call) const {
    for (const ExprPtr& argument : call.args) visit(*argument);
  }
  void operator()(const Aggregate& aggregate) const {
    if (aggregate.parameter) visit(*aggregate.parameter);
    visit(*aggregate.expr);
  }
  void operator()(const Binary& binary) const {
    visit(*binary.lhs);
    visit(*binary.rhs);
  }
  void operator()(const Unary& unary) const { visit(*unary.expr); }
  void operator()(const Paren& paren) const { visit(*paren.expr); }
};

bool IsVector(const Expr& expr) {
  return expr.type == ValueType::kVector || expr.type == ValueType::kMatrix;
}

ResultLabels NoLabels() {
  return {LabelNames::Only({}), {}};
}

void Remove(ResultLabels& labels, std::string_view name) {
  labels.possible.Remove(name);
  const auto found = labels.expected.find(name);
  if (found != labels.expected.end()) labels.expected.erase(found);
}

/// Only `names`, which the expression counts on from now.
void Keep(ResultLabels& labels, const std::vector<std::string>& names) {
  labels.possible.Keep(names);
  labels.expected = labels.possible.names();
}

void Expect(ResultLabels& labels, std::string_view name) {
  labels.possible.Add(name);
  labels.expected.emplace(name);
}

ResultLabels LabelsOfSelector(const VectorSelector& selector) {
  ResultLabels labels;
  for (const Matcher& matcher : selector.matchers) {
    const std::string_view name = matcher.name().text();
    if (name == kMetricNameLabel) continue;
    if (matcher.type() == MatchType::kEqual && matcher.value().empty()) Remove(labels, name);
    if (!matcher.MatchesEmpty()) Expect(labels, name);
  }
  return labels;
}

/// Functions that give one element, whose labels come from the text of the selector.
ResultLabels LabelsOfAbsence(const Expr& argument) {
  ResultLabels labels = NoLabels();
  for (const Label& label : AbsentLabels(argument)) Expect(labels, label.name.text());
  return labels;
}

/// Of a call that sets the label its second argument names.
ResultLabels WithLabelSet(ResultLabels labels, const Expr& name) {
  const auto* const literal = std::get_if<StringLiteral>(&StripParens(name).node);
  if (literal == nullptr) {
    labels.possible = LabelNames::All();
  } else if (!labels.expected.contains(literal->value)) {
    labels.possible.Add(literal->value);
  }
  return labels;
}

ResultLabels LabelsOfCall(const Call& call) {
  const std::string_view name = call.function->name;
  const Expr* const vector = VectorArgument(call);
  if (vector == nullptr || name == "scalar") return NoLabels();
  if (name == "absent" || name == "absent_over_time") return LabelsOfAbsence(*vector);
  ResultLabels labels = LabelsOf(*vector);
  if (name == "label_replace" || name == "label_join") {
    return WithLabelSet(std::move(labels), *call.args[1]);
  }
  if (name == "histogram_quantile") Remove(labels, "le");
  // These add labels that come from elsewhere.
  if (name == "info" || name == "histogram_quantiles") labels.possible = LabelNames::All();
  return labels;
}

ResultLabels LabelsOfAggregate(const Aggregate& aggregate) {
  ResultLabels labels = LabelsOf(*aggregate.expr);
  using enum AggregateOp;
  constexpr std::array kSelecting = {kTopk, kBottomk, kLimitk, kLimitRatio};
  if (std::find(kSelecting.begin(), kSelecting.end(), aggregate.op) != kSelecting.end()) {
    return labels;
  }
  if (aggregate.without) {
    for (const std::string& name : aggregate.grouping) Remove(labels, name);
  } else {
    Keep(labels, aggregate.grouping);
  }
  if (aggregate.op != kCountValues) return labels;
  const auto* const name = std::get_if<StringLiteral>(&StripParens(*aggregate.parameter).node);
  if (name != nullptr) Expect(labels, name->value);
  return labels;
}

/// Of two vectors that are matched one to one, or with many on the left.
ResultLabels LabelsOfMatch(ResultLabels many, const ResultLabels& one, const VectorMatching& how) {
  if (how.cardinality == Cardinality::kOneToOne) {
    if (how.on) {
      Keep(many, how.labels);
    } else {
      for (const std::string& name : how.labels) Remove(many, name);
    }
    return many;
  }
  for (const std::string& name : how.include) {
    Remove(many, name);
    if (one.possible.Has(name)) many.possible.Add(name);
    if (one.expected.contains(name)) many.expected.insert(name);
  }
  return many;
}

ResultLabels LabelsOfBinary(const Binary& binary) {
  if (!IsVector(*binary.lhs)) return LabelsOf(*binary.rhs);
  ResultLabels left = LabelsOf(*binary.lhs);
  if (!IsVector(*binary.rhs)) return left;
  ResultLabels right = LabelsOf(*binary.rhs);
  if (binary.op == BinaryOp::kOr) {
    ResultLabels either = left;
    either.possible.Add(right.possible);
    either.expected.clear();
    std::set_intersection(left.expected.begin(), left.expected.end(), right.expected.begin(),
                          right.expected.end(),
                          std::inserter(either.expected, either.expected.end()));
    return either;
  }
  if (IsSet(binary.op)) return left;
  if (binary.matching.cardinality == Cardinality::kOneToMany) {
    return LabelsOfMatch(std::move(right), left, binary.matching);
  }
  return LabelsOfMatch(std::move(left), right, binary.matching);
}

}  // namespace

void ForEachChild(const Expr& expr, const ExprVisitor& visit) {
  std::visit(Children{visit}, expr.node);
}

void Walk(const Expr& expr, const ExprVisitor& visit) {
  visit(expr);
  ForEachChild(expr, [&](const Expr& child) { Walk(child, visit); });
}

const VectorSelector* SelectorOf(const Expr& expr) {
  if (const auto* const matrix = std::get_if<MatrixSelector>(&expr.node)) return &matrix->selector;
  return std::get_if<VectorSelector>(&expr.node);
}

std::vector<const VectorSelector*> Selectors(const Expr& expr) {
  std::vector<const VectorSelector*> selectors;
  Walk(expr, [&](const Expr& part) {
    if (const VectorSelector* const selector = SelectorOf(part)) selectors.push_back(selector);
  });
  return selectors;
}

std::string_view MetricNameOf(const VectorSelector& selector) {
  if (!selector.name.empty()) return selector.name;
  for (const Matcher& matcher : selector.matchers) {
    const bool is_name =
        matcher.name().text() == kMetricNameLabel && matcher.type() == MatchType::kEqual;
    if (is_name) return matcher.value();
  }
  return {};
}

const Expr* VectorArgument(const Call& call) {
  for (const ExprPtr& argument : call.args) {
    if (IsVector(*argument)) return argument.get();
  }
  return nullptr;
}

void LabelNames::Add(std::string_view name) {
  if (!all_but_) {
    names_.emplace(name);
  } else if (const auto found = names_.find(name); found != names_.end()) {
    names_.erase(found);
  }
}

void LabelNames::Remove(std::string_view name) {
  if (all_but_) {
    names_.emplace(name);
  } else if (const auto found = names_.find(name); found != names_.end()) {
    names_.erase(found);
  }
}

void LabelNames::Keep(const std::vector<std::string>& names) {
  std::set<std::string, std::less<>> kept;
  for (const std::string& name : names) {
    if (Has(name)) kept.insert(name);
  }
  *this = Only(std::move(kept));
}

void LabelNames::Add(const LabelNames& other) {
  if (!other.all_but_) {
    for (const std::string& name : other.names_) Add(name);
    return;
  }
  std::set<std::string, std::less<>> missing;
  for (const std::string& name : other.names_) {
    if (!Has(name)) missing.insert(name);
  }
  *this = LabelNames(true, std::move(missing));
}

ResultLabels LabelsOf(const Expr& expr) {
  if (!IsVector(expr)) return NoLabels();
  return std::visit(
      Overloaded{
          [](const VectorSelector& selector) { return LabelsOfSelector(selector); },
          [](const MatrixSelector& matrix) { return LabelsOfSelector(matrix.selector); },
          [](const Subquery& subquery) { return LabelsOf(*subquery.expr); },
          [](const Call& call) { return LabelsOfCall(call); },
          [](const Aggregate& aggregate) { return LabelsOfAggregate(aggregate); },
          [](const Binary& binary) { return LabelsOfBinary(binary); },
          [](const Unary& unary) { return LabelsOf(*unary.expr); },
          [](const Paren& paren) { return LabelsOf(*paren.expr); },
          [](const NumberLiteral&) { return NoLabels(); },
          [](const StringLiteral&) { return NoLabels(); },
      },
      expr.node);
}

}  // namespace tocsin::promql
