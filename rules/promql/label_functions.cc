// label_replace and label_join: they look at labels alone, so all their work is kept with the node
// for as long as the same series come.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/anchored_regexp.h"
#include "rules/promql/function_families.h"
#include "rules/promql/relabeling.h"

namespace tocsin::promql {
namespace {

using enum ValueType;

/// What a node keeps: where its series go, or why they cannot.
struct Relabeled {
  std::optional<Error> error;
  Relabeling relabeling;
};

Error InvalidLabel(std::string_view what, std::string_view function, std::string_view label) {
  std::string message = "invalid ";
  message.append(what).append(" label name in ").append(function).append("(): ").append(label);
  return {ErrorCode::kInvalidInput, std::move(message)};
}

/// Sets label `target` of each series to value_of(labels), or leaves the series as it is if that is
/// empty (nullopt). A name that is set is not dropped any more.
template <class ValueOf>
Relabeled SetLabel(const Shape& shape, const std::string& target, ValueOf value_of) {
  std::vector<Labels> labels;
  std::vector<std::uint8_t> drops;
  labels.reserve(shape.size());
  drops.reserve(shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::optional<std::string> value = value_of(shape.labels[i]);
    const bool names_it = value && target == kMetricNameLabel;
    drops.push_back(shape.drops_name(i) && !names_it ? 1 : 0);
    labels.push_back(value ? LabelsBuilder(shape.labels[i]).Set(target, *value).Build()
                           : shape.labels[i]);
  }
  Relabeling moved = MakeRelabeling(std::move(labels), SeriesOrder::kAsTheyCome);
  if (shape.drop_name.empty()) return {std::nullopt, std::move(moved)};

  Shape flagged{moved.shape->labels, std::vector<std::uint8_t>(moved.shape->size())};
  for (std::size_t i = 0; i < drops.size(); ++i) {
    flagged.drop_name[moved.target.empty() ? i : moved.target[i]] = drops[i];
  }
  moved.shape = std::make_shared<const Shape>(std::move(flagged));
  return {std::nullopt, std::move(moved)};
}

Relabeled PlanReplace(const Shape& shape, const std::vector<std::string>& texts) {
  const std::string& target = texts[0];
  const std::string& replacement = texts[1];
  const std::string& source = texts[2];
  const std::string& pattern = texts[3];
  const AnchoredRegexp regexp(pattern);
  AnchoredRegexp::Groups groups;
  if (!regexp.ok()) {
    return {Error{ErrorCode::kInvalidInput,
                  "invalid regular expression in label_replace(): " + pattern},
            {}};
  }
  if (!IsUtf8Name(target)) return {InvalidLabel("destination", "label_replace", target), {}};
  return SetLabel(shape, target, [&](const Labels& labels) -> std::optional<std::string> {
    if (!regexp.Match(labels.Get(source), groups)) return std::nullopt;
    return regexp.Expand(replacement, groups);
  });
}

Relabeled PlanJoin(const Shape& shape, const std::vector<std::string>& texts) {
  const std::string& target = texts[0];
  const std::string& separator = texts[1];
  for (std::size_t i = 2; i < texts.size(); ++i) {
    if (!IsUtf8Name(texts[i])) return {InvalidLabel("source", "label_join", texts[i]), {}};
  }
  if (!IsUtf8Name(target)) return {InvalidLabel("destination", "label_join", target), {}};
  return SetLabel(shape, target, [&](const Labels& labels) -> std::optional<std::string> {
    std::string joined;
    for (std::size_t i = 2; i < texts.size(); ++i) {
      if (i > 2) joined += separator;
      joined += labels.Get(texts[i]);
    }
    return joined;
  });
}

template <Relabeled (*kPlan)(const Shape&, const std::vector<std::string>&)>
Result<Operand> Evaluate(CallArguments arguments, const Context& /*context*/) {
  Block block = std::get<Block>(std::move(arguments.values[0]));
  const Relabeled& plan = arguments.memo.Get<Relabeled>(block.shape, nullptr, [&] {
    std::vector<std::string> texts;
    for (std::size_t i = 1; i < arguments.values.size(); ++i) {
      texts.push_back(std::get<std::string>(std::move(arguments.values[i])));
    }
    return kPlan(*block.shape, texts);
  });
  if (plan.error) return *plan.error;
  Result<Block> moved = Apply(plan.relabeling, std::move(block));
  if (!moved) return moved.error();
  return Operand(*std::move(moved));
}

}  // namespace

std::vector<Function> LabelFunctions() {
  return {
      {.name = "label_join",
       .args = {kVector, kString, kString, kString},
       .optional_args = -1,
       .how = GeneralFunction{Evaluate<PlanJoin>}},
      {.name = "label_replace",
       .args = {kVector, kString, kString, kString, kString},
       .how = GeneralFunction{Evaluate<PlanReplace>}},
  };
}

}  // namespace tocsin::promql
