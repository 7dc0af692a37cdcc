#include "base/relabel.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/template/unicode.h"
#include "base/text.h"

namespace tocsin {
namespace {

using enum RelabelAction;

constexpr std::array<std::pair<std::string_view, RelabelAction>, 11> kActions = {{
    {"replace", kReplace},
    {"keep", kKeep},
    {"drop", kDrop},
    {"keepequal", kKeepEqual},
    {"dropequal", kDropEqual},
    {"hashmod", kHashMod},
    {"labelmap", kLabelMap},
    {"labeldrop", kLabelDrop},
    {"labelkeep", kLabelKeep},
    {"lowercase", kLowercase},
    {"uppercase", kUppercase},
}};

// --- What the actions do -------------------------------------------------------------------------

std::string SourceValue(const RelabelRule& rule, const Labels& labels) {
  std::string value;
  for (const std::string& name : rule.source_labels) {
    if (&name != &rule.source_labels.front()) value += rule.separator;
    value += labels.Get(name);
  }
  return value;
}

Labels With(const Labels& labels, std::string_view name, std::string_view value) {
  return LabelsBuilder(labels).Set(name, value).Build();
}

Labels Replaced(const RelabelRule& rule, const Labels& labels, std::string_view value) {
  AnchoredRegexp::Groups groups;
  if (!rule.regex.Match(value, groups)) return labels;
  const std::string target = rule.regex.Expand(rule.target_label, groups);
  if (!IsUtf8Name(target)) return labels;
  return With(labels, target, rule.regex.Expand(rule.replacement, groups));
}

/// The last eight bytes of the MD5 sum, as a big-endian number.
std::uint64_t HashOf(std::string_view value) {
  constexpr std::size_t kHalf = 8;
  std::array<unsigned char, 2 * kHalf> sum{};
  const int done = EVP_Digest(value.data(), value.size(), sum.data(), nullptr, EVP_md5(), nullptr);
  assert(done == 1);
  static_cast<void>(done);
  std::uint64_t hash = 0;
  for (std::size_t i = kHalf; i < sum.size(); ++i) hash = hash << 8 | sum[i];
  return hash;
}

/// Labels whose names match, once more under the names made from theirs.
Labels WithMappedNames(const RelabelRule& rule, const Labels& labels) {
  LabelsBuilder made(labels);
  AnchoredRegexp::Groups groups;
  for (const Label& label : labels) {
    if (!rule.regex.Match(label.name.text(), groups)) continue;
    made.Set(rule.regex.Expand(rule.replacement, groups), label.value.text());
  }
  return made.Build();
}

/// The labels whose names match, or those whose names do not.
Labels Filtered(const RelabelRule& rule, const Labels& labels, bool matching) {
  LabelsBuilder made;
  for (const Label& label : labels) {
    if (rule.regex.Matches(label.name.text()) == matching) made.Set(label.name, label.value);
  }
  return made.Build();
}

std::optional<Labels> KeptIf(bool holds, const Labels& labels) {
  return holds ? std::optional(labels) : std::nullopt;
}

std::string Mapped(std::string_view text, char32_t (*map)(char32_t)) {
  std::string mapped;
  while (!text.empty()) {
    const text_template::Character character = text_template::FirstCharacter(text);
    text_template::AppendCharacter(mapped, map(character.code));
    text.remove_prefix(character.size);
  }
  return mapped;
}

std::optional<Labels> Apply(const RelabelRule& rule, const Labels& labels) {
  const std::string value = SourceValue(rule, labels);
  const std::string& target = rule.target_label;
  switch (rule.action) {
    case kReplace: return Replaced(rule, labels, value);
    case kKeep: return KeptIf(rule.regex.Matches(value), labels);
    case kDrop: return KeptIf(!rule.regex.Matches(value), labels);
    case kKeepEqual: return KeptIf(labels.Get(target) == value, labels);
    case kDropEqual: return KeptIf(labels.Get(target) != value, labels);
    case kHashMod: return With(labels, target, std::to_string(HashOf(value) % rule.modulus));
    case kLabelMap: return WithMappedNames(rule, labels);
    case kLabelDrop: return Filtered(rule, labels, false);
    case kLabelKeep: return Filtered(rule, labels, true);
    case kLowercase: return With(labels, target, Mapped(value, &text_template::ToLower));
    case kUppercase: return With(labels, target, Mapped(value, &text_template::ToUpper));
  }
  return labels;
}

// --- Reading -------------------------------------------------------------------------------------

/// Reads one rule and reports what is wrong with it.
class RuleReader {
 public:
  RuleReader(const YamlNode& node, Diagnostics& diagnostics) : options_(node, diagnostics) {}

  RelabelRule Read() {
    const bool known = ReadAction();
    rule_.source_labels = options_.StringsOr("source_labels", {});
    rule_.separator = options_.StringOr("separator", rule_.separator);
    rule_.modulus = static_cast<std::uint64_t>(
        options_.IntegerOr("modulus", 0, 0, std::numeric_limits<std::int64_t>::max()));
    rule_.target_label = options_.StringOr("target_label", "");
    rule_.replacement = options_.StringOr("replacement", rule_.replacement);
    ReadRegex();
    for (const std::string& name : rule_.source_labels) CheckName("source_labels", name);
    if (known) CheckTogether();
    return std::move(rule_);
  }

 private:
  bool ReadAction() {
    const std::string name = LowerCase(options_.StringOr("action", "replace"));
    std::vector<std::string_view> names;
    for (const auto& [known, action] : kActions) {
      names.push_back(known);
      if (known != name) continue;
      rule_.action = action;
      return true;
    }
    options_.Refuse("action",
                    fmt::format("expected one of {}, got \"{}\"", fmt::join(names, ", "), name));
    return false;
  }

  void ReadRegex() {
    regex_ = options_.StringOr("regex", std::string(RelabelRule::kDefaultRegex));
    AnchoredRegexp regex(regex_);
    if (regex.ok()) {
      rule_.regex = std::move(regex);
    } else {
      options_.Refuse("regex", regex.problem());
    }
  }

  void CheckName(std::string_view key, std::string_view name) {
    if (!IsUtf8Name(name)) options_.Refuse(key, "expected names of labels, got an empty one");
  }

  bool Is(std::initializer_list<RelabelAction> actions) const {
    return std::find(actions.begin(), actions.end(), rule_.action) != actions.end();
  }

  /// What depends on the action.
  void CheckTogether() {
    CheckTarget();
    CheckReplacement();
    CheckOthers();
  }

  void CheckTarget() {
    const bool needed = Is({kReplace, kHashMod, kKeepEqual, kDropEqual, kLowercase, kUppercase});
    if (needed && rule_.target_label.empty()) {
      options_.Refuse("target_label", fmt::format("the action {} needs one", Name(rule_.action)));
    }
    if (rule_.action == kHashMod && rule_.modulus == 0) {
      options_.Refuse("modulus", "the action hashmod needs one above 0");
    }
  }

  void CheckReplacement() {
    if (rule_.action == kLabelMap) CheckName("replacement", rule_.replacement);
    if (Is({kLowercase, kUppercase})) RefuseIf("replacement", HasReplacement());
  }

  /// Actions that would silently pass over an option refuse it, as Prometheus does.
  void CheckOthers() {
    if (Is({kKeepEqual, kDropEqual})) {
      RefuseIf("regex", regex_ != RelabelRule::kDefaultRegex);
    } else if (Is({kLabelDrop, kLabelKeep})) {
      RefuseIf("source_labels", !rule_.source_labels.empty());
      RefuseIf("target_label", !rule_.target_label.empty());
    } else {
      return;
    }
    RefuseIf("modulus", rule_.modulus != 0);
    RefuseIf("separator", rule_.separator != RelabelRule::kDefaultSeparator);
    RefuseIf("replacement", HasReplacement());
  }

  bool HasReplacement() const { return rule_.replacement != RelabelRule::kDefaultReplacement; }

  void RefuseIf(std::string_view key, bool wrong) {
    if (wrong) {
      options_.Refuse(key, fmt::format("the action {} has no use for it", Name(rule_.action)));
    }
  }

  YamlMap options_;
  RelabelRule rule_;
  std::string regex_;
};

}  // namespace

std::string_view Name(RelabelAction action) {
  for (const auto& [name, known] : kActions) {
    if (known == action) return name;
  }
  return {};
}

std::optional<Labels> Relabel(const Labels& labels, std::span<const RelabelRule> rules) {
  std::optional<Labels> result = labels;
  for (const RelabelRule& rule : rules) {
    result = Apply(rule, *result);
    if (!result) break;
  }
  return result;
}

RelabelRules ReadRelabelRules(YamlMap& options, std::string_view key) {
  RelabelRules rules;
  for (const YamlNode& node : options.List(key)) {
    rules.push_back(RuleReader(node, options.diagnostics()).Read());
  }
  return rules;
}

}  // namespace tocsin
