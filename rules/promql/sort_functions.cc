// sort, sort_desc, sort_by_label, sort_by_label_desc: they set the order of an instant result.

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "rules/promql/function_families.h"

namespace tocsin::promql {
namespace {

using enum ValueType;

constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes the longest run of digits, or of other bytes, off the front of `text`.
std::string_view TakeRun(std::string_view& text) {
  std::size_t length = 1;
  while (length < text.size() && IsDigit(text[length]) == IsDigit(text[0])) ++length;
  const std::string_view run = text.substr(0, length);
  text.remove_prefix(length);
  return run;
}

std::strong_ordering CompareDigits(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

/// Natural order: runs of digits compare as numbers, everything else bytewise.
std::strong_ordering CompareNaturally(std::string_view a, std::string_view b) {
  const std::string_view whole_a = a;
  const std::string_view whole_b = b;
  while (!a.empty() && !b.empty()) {
    const bool both_digits = IsDigit(a[0]) && IsDigit(b[0]);
    const std::string_view run_a = TakeRun(a);
    const std::string_view run_b = TakeRun(b);
    const std::strong_ordering order =
        both_digits ? CompareDigits(run_a, run_b) : run_a.compare(run_b) <=> 0;
    if (std::is_neq(order)) return order;
  }
  if (a.empty() != b.empty())
    return a.empty() ? std::strong_ordering::less : std::strong_ordering::greater;
  return whole_a.compare(whole_b) <=> 0;  // "1" and "01".
}

/// Orders the series that have a value by `less`, or warns that a range query has no order.
template <class Less>
Result<Operand> Order(CallArguments arguments, const Context& context, Less less) {
  Block block = std::get<Block>(std::move(arguments.values[0]));
  if (context.steps.count > 1) {
    context.annotations.Warn(
        "sort is ineffective for range queries since results are always ordered by labels",
        arguments.expr.position);
    return Operand(std::move(block));
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t series = 0; series < block.shape->size(); ++series) {
    if (IsPresent(block.values[series])) order.push_back(series);
  }
  std::ranges::stable_sort(order,
                           [&](std::uint32_t a, std::uint32_t b) { return less(block, a, b); });
  block.order = std::move(order);
  return Operand(std::move(block));
}

enum class Direction { kAscending, kDescending };

/// NaN comes last either way.
template <Direction kDirection>
Result<Operand> SortByValue(CallArguments arguments, const Context& context) {
  return Order(std::move(arguments), context,
               [](const Block& block, std::uint32_t a, std::uint32_t b) {
                 const double x = block.values[a];
                 const double y = block.values[b];
                 if (std::isnan(x) || std::isnan(y)) return !std::isnan(x);
                 return kDirection == Direction::kAscending ? x < y : x > y;
               });
}

/// By the labels named, one after the other, in natural order; then by all labels.
template <Direction kDirection>
Result<Operand> SortByLabel(CallArguments arguments, const Context& context) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i < arguments.values.size(); ++i) {
    names.push_back(std::get<std::string>(std::move(arguments.values[i])));
  }
  return Order(std::move(arguments), context,
               [&](const Block& block, std::uint32_t a, std::uint32_t b) {
                 if (kDirection == Direction::kDescending) std::swap(a, b);
                 const Labels& x = block.shape->labels[a];
                 const Labels& y = block.shape->labels[b];
                 for (const std::string& name : names) {
                   const std::strong_ordering order = CompareNaturally(x.Get(name), y.Get(name));
                   if (std::is_neq(order)) return std::is_lt(order);
                 }
                 return x < y;
               });
}

}  // namespace

std::vector<Function> SortFunctions() {
  using enum Direction;
  return {
      {.name = "sort", .args = {kVector}, .how = GeneralFunction{SortByValue<kAscending>}},
      {.name = "sort_by_label",
       .args = {kVector, kString},
       .optional_args = -1,
       .experimental = true,
       .how = GeneralFunction{SortByLabel<kAscending>}},
      {.name = "sort_by_label_desc",
       .args = {kVector, kString},
       .optional_args = -1,
       .experimental = true,
       .how = GeneralFunction{SortByLabel<kDescending>}},
      {.name = "sort_desc", .args = {kVector}, .how = GeneralFunction{SortByValue<kDescending>}},
  };
}

}  // namespace tocsin::promql
