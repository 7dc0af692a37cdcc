// What can be told of an expression without evaluating it.

#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rules/promql/ast.h"

namespace tocsin::promql {

using ExprVisitor = std::function<void(const Expr&)>;

/// Calls `visit` for each operand and argument of `expr`, in the order in which they were written.
void ForEachChild(const Expr& expr, const ExprVisitor& visit);
/// Calls `visit` for `expr` and everything in it, what is outside first.
void Walk(const Expr& expr, const ExprVisitor& visit);

/// The selector that `expr` is, with a range or without; or null.
const VectorSelector* SelectorOf(const Expr& expr);
/// All selectors of `expr`.
std::vector<const VectorSelector*> Selectors(const Expr& expr);
/// The one metric name that is selected; empty if none or several are.
std::string_view MetricNameOf(const VectorSelector& selector);

/// The argument of a call that is an instant or a range vector, or null.
const Expr* VectorArgument(const Call& call);

/// A set of label names: these, or all but these.
class LabelNames {
 public:
  static LabelNames All() { return LabelNames(true, {}); }
  static LabelNames Only(std::set<std::string, std::less<>> names) {
    return LabelNames(false, std::move(names));
  }

  bool Has(std::string_view name) const { return names_.contains(name) != all_but_; }
  /// Whether it is known by name what is in it.
  bool is_finite() const { return !all_but_; }
  /// Of a finite set, its names.
  const std::set<std::string, std::less<>>& names() const { return names_; }

  void Add(std::string_view name);
  void Remove(std::string_view name);
  /// Only the ones among `names`.
  void Keep(const std::vector<std::string>& names);
  void Add(const LabelNames& other);

 private:
  LabelNames(bool all_but, std::set<std::string, std::less<>> names)
      : all_but_(all_but), names_(std::move(names)) {}

  bool all_but_;
  std::set<std::string, std::less<>> names_;
};

/// The labels of the series that an expression gives, without the metric name.
struct ResultLabels {
  LabelNames possible = LabelNames::All();  ///< Whatever is not in it is on no series.
  /// Those that whoever wrote the expression counts on: named by a matcher that refuses series
  /// without it, or in `by (...)`. All are possible.
  std::set<std::string, std::less<>> expected;
};
/// Source: Prometheus' documentation, "Operators": which labels a result has.
ResultLabels LabelsOf(const Expr& expr);

}  // namespace tocsin::promql
