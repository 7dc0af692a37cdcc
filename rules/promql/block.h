// Values of expressions while they are evaluated: columns over all steps of a query at once.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/labels.h"
#include "rules/storage/sample.h"

namespace tocsin::promql {

/// The moments at which a query is evaluated: start, start + step, ... `count` of them. An instant
/// query has one.
struct Steps {
  Millis start = 0;
  Millis step = 1;
  std::size_t count = 1;

  Millis at(std::size_t i) const { return start + static_cast<Millis>(i) * step; }
  Millis end() const { return at(count - 1); }
};

/// Stands in a column where a series has no value at a step. A NaN that nothing computes: compare
/// with IsAbsent(), never with ==, and check operands, since arithmetic would make it an ordinary
/// NaN.
inline constexpr std::uint64_t kAbsentBits = 0x7ff0000000746f63;
inline const double kAbsent = std::bit_cast<double>(kAbsentBits);
inline bool IsAbsent(double v) {
  return std::bit_cast<std::uint64_t>(v) == kAbsentBits;
}
inline bool IsPresent(double v) {
  return !IsAbsent(v);
}

/// The label sets of a vector's series, without any values. Immutable and shared: what depends on
/// labels alone (groups, join partners, the labels of a result) is kept with the expression's node
/// for as long as the same Shape, by address, comes again, see Memo.
///
/// A series whose `drop_name` is set has lost its metric name: by then only the flag has been set,
/// its labels still hold the name. visible() is what it counts as.
struct Shape {
  std::vector<Labels> labels;
  std::vector<std::uint8_t> drop_name;  ///< Empty: none is dropped. Else one flag per series.

  std::size_t size() const { return labels.size(); }
  bool drops_name(std::size_t i) const { return !drop_name.empty() && drop_name[i] != 0; }
  Labels visible(std::size_t i) const {
    return drops_name(i) ? labels[i].WithoutName() : labels[i];
  }
};
using ShapePtr = std::shared_ptr<const Shape>;

/// An instant vector at every step: the value of series s at step i is values[s * steps + i],
/// absent ones included.
///
/// Native histograms, when they come, are a second column beside `values`, null where there are
/// none.
struct Block {
  ShapePtr shape;
  std::size_t steps = 1;
  std::vector<double> values;
  /// Instant queries only: the order in which sort() and topk() want the series; empty if any.
  std::vector<std::uint32_t> order;

  Block() = default;
  Block(ShapePtr s, std::size_t n)
      : shape(std::move(s)), steps(n), values(shape->size() * n, kAbsent) {}
  double* row(std::size_t series) { return values.data() + series * steps; }
  const double* row(std::size_t series) const { return values.data() + series * steps; }
  double at(std::size_t series, std::size_t step) const { return values[series * steps + step]; }
};

/// A scalar at every step.
struct ScalarColumn {
  std::vector<double> values;
};
/// A range vector as the result of an instant query: nothing else sees one whole.
struct RangeBlock {
  ShapePtr shape;
  std::vector<Samples> samples;  ///< Per series.
};
using Operand = std::variant<ScalarColumn, Block, RangeBlock, std::string>;

/// What one node of an expression remembers between evaluations, keyed by the shapes of its input.
/// One thread at a time.
class Memo {
 public:
  /// What was derived from these shapes; `make` derives it if other shapes came last time. `b` may
  /// be null. T is anything; each node uses one T.
  template <class T, class Make>
  const T& Get(const ShapePtr& a, const ShapePtr& b, Make make) {
    if (!derived_ || a != a_ || b != b_) {
      derived_ = std::make_shared<const T>(make());
      a_ = a;
      b_ = b;
    }
    return *static_cast<const T*>(derived_.get());
  }

 private:
  ShapePtr a_, b_;
  std::shared_ptr<const void> derived_;
};

}  // namespace tocsin::promql
