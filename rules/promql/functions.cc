#include "rules/promql/functions.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "rules/promql/function_families.h"

namespace tocsin::promql {
namespace {

std::vector<Function> MakeTable() {
  std::vector<Function> table;
  for (auto family :
       {RateFunctions, OverTimeFunctions, RegressionFunctions, MathFunctions, HistogramFunctions,
        LabelFunctions, DateFunctions, SortFunctions, VectorFunctions}) {
    std::ranges::move(family(), std::back_inserter(table));
  }
  std::ranges::sort(table, {}, &Function::name);
  return table;
}

Result<Operand> EvaluateMath(const MathFunction& function, CallArguments arguments,
                             const Context& context) {
  Block block = std::get<Block>(std::move(arguments.values[0]));
  for (double& value : block.values) {
    if (IsPresent(value)) value = function.compute(value);
  }
  Result<Block> named = DropNames(std::move(block), arguments.memo, context);
  if (!named) return named.error();
  return Operand(*std::move(named));
}

}  // namespace

std::span<const Function> AllFunctions() {
  static const std::vector<Function> kTable = MakeTable();
  return kTable;
}

const Function* FindFunction(std::string_view name) {
  const std::span<const Function> table = AllFunctions();
  const auto found = std::ranges::lower_bound(table, name, {}, &Function::name);
  return found != table.end() && found->name == name ? &*found : nullptr;
}

Result<Operand> EvaluateCall(CallArguments arguments, const Context& context) {
  const auto& how = arguments.call.function->how;
  if (const auto* general = std::get_if<GeneralFunction>(&how)) {
    return general->evaluate(std::move(arguments), context);
  }
  return EvaluateMath(std::get<MathFunction>(how), std::move(arguments), context);
}

}  // namespace tocsin::promql
