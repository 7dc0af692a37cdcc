// The smaller parts that generated expressions are made of.

#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tests/differential/random.h"

namespace tocsin::promql {

/// Names of labels, sorted.
using Names = std::vector<std::string_view>;

/// One of the metrics that MakeSamples() makes.
struct Metric {
  std::string_view name;
  Names labels;
  bool counter = false;
};
const std::array<Metric, 8>& Metrics();
/// Whose values are equal most of the time, and few.
const Metric& SteadyMetric();
/// Whose values are never equal, of the magnitude of their differences.
const Metric& RestlessMetric(Random& random);

/// A vector expression, and what is known about its value.
struct Vector {
  std::string text;
  Names labels;        ///< Those its elements have, apart from the name.
  bool exact = true;   ///< Both engines compute the same bits.
  bool finite = true;  ///< Neither NaN nor infinite.
  bool atom = true;    ///< Needs no parentheses as an operand.

  /// Whether series may differ in nothing but the name, none of them where another is.
  bool HasSeveralNames() const;
};

/// Whether each label of `some` is in `all`.
bool Includes(const Names& all, const Names& some);
Names Common(const Names& a, const Names& b);
/// All of `parts`. What makes them is called from the first to the last, unlike the operands of
/// `+`, so that every compiler's program chooses the same at random.
std::string Concat(std::initializer_list<std::string> parts);
/// "a, b".
std::string Join(const Names& names);

/// Chooses at random. One thread at a time.
class Vocabulary {
 public:
  /// `random` must outlive it.
  explicit Vocabulary(Random& random) : random_(random) {}

  std::string Duration();
  /// For the range of a subquery. The evaluation inside of a subquery is at multiples of its step,
  /// which is one of ten seconds, so that the border has to be between these.
  std::string SubqueryRange(bool inside_subquery);
  std::string SubqueryStep();
  std::string Number();
  std::string Quantile();
  /// Several operators without parentheses between numbers.
  std::string Arithmetic();

  /// `offset` and `@`, each often left out.
  std::string Offset();
  std::string At();
  std::string Modifiers();

  /// Without modifiers.
  Vector Selector(const Metric& metric);
  Vector AnySelector() { return Selector(random_.From(Metrics())); }
  Vector InstantSelector();
  /// The name of a metric of which no two series have the same value.
  std::string Distinct();

 private:
  Random& random_;
};

}  // namespace tocsin::promql
