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

#include <re2/re2.h>

#include "rules/promql/function_families.h"
#include "rules/promql/relabeling.h"

namespace tocsin::promql {
namespace {

using enum ValueType;

constexpr bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// A regular expression that has to match the whole of a text, and what it captured there.
class Capture {
 public:
  explicit Capture(const std::string& pattern)
      : regexp_("^(?s:" + pattern + ")$", RE2::Quiet),
        groups_(regexp_.ok() ? static_cast<std::size_t>(regexp_.NumberOfCapturingGroups()) + 1
                             : 0) {}

  bool ok() const { return regexp_.ok(); }
  bool Match(std::string_view text) {
    return regexp_.Match(text, 0, text.size(), RE2::ANCHOR_BOTH, groups_.data(),
                         static_cast<int>(groups_.size()));
  }

  /// `pattern` with $1, $name, ${name} replaced by what the last match captured, nothing for a
  /// group that does not exist, and $$ by $. Any other $ stands for itself.
  /// Source: Go's regexp documentation, Regexp.Expand.
  std::string Expand(std::string_view pattern) const;

 private:
  std::string_view Group(std::string_view name) const;

  RE2 regexp_;
  std::vector<re2::StringPiece> groups_;
};

std::string_view Capture::Group(std::string_view name) const {
  std::size_t number = 0;
  if (name.find_first_not_of("0123456789") == std::string_view::npos) {
    if (name.size() > 8 || (name.size() > 1 && name[0] == '0')) return {};
    for (const char digit : name) number = number * 10 + static_cast<std::size_t>(digit - '0');
  } else {
    const auto named = regexp_.NamedCapturingGroups().find(std::string(name));
    if (named == regexp_.NamedCapturingGroups().end()) return {};
    number = static_cast<std::size_t>(named->second);
  }
  if (number >= groups_.size() || groups_[number].data() == nullptr) return {};
  return {groups_[number].data(), groups_[number].size()};
}

/// Takes the name of a group off the front of `text`, which follows a $: `1`, `name`, `{name}`.
/// Empty if there is none; then `text` is as before.
std::string_view TakeGroupName(std::string_view& text) {
  const bool braced = !text.empty() && text[0] == '{';
  const std::size_t begin = braced ? 1 : 0;
  std::size_t end = begin;
  while (end < text.size() && IsWordByte(text[end])) ++end;
  if (end == begin || (braced && (end == text.size() || text[end] != '}'))) return {};
  const std::string_view name = text.substr(begin, end - begin);
  text.remove_prefix(braced ? end + 1 : end);
  return name;
}

std::string Capture::Expand(std::string_view pattern) const {
  std::string text;
  while (!pattern.empty()) {
    const std::size_t dollar = std::min(pattern.find('$'), pattern.size());
    text += pattern.substr(0, dollar);
    pattern.remove_prefix(dollar);
    if (pattern.empty()) break;
    pattern.remove_prefix(1);
    if (!pattern.empty() && pattern[0] == '$') {
      text += '$';
      pattern.remove_prefix(1);
    } else if (const std::string_view name = TakeGroupName(pattern); !name.empty()) {
      text += Group(name);
    } else {
      text += '$';
    }
  }
  return text;
}

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
  Capture capture(pattern);
  if (!capture.ok()) {
    return {Error{ErrorCode::kInvalidInput,
                  "invalid regular expression in label_replace(): " + pattern},
            {}};
  }
  if (!IsUtf8Name(target)) return {InvalidLabel("destination", "label_replace", target), {}};
  return SetLabel(shape, target, [&](const Labels& labels) -> std::optional<std::string> {
    if (!capture.Match(labels.Get(source))) return std::nullopt;
    return capture.Expand(replacement);
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
