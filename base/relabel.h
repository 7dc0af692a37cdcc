// Prometheus' relabelling: rules that rewrite a label set, or drop what carries it.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/anchored_regexp.h"
#include "base/labels.h"
#include "base/yaml.h"

namespace tocsin {

enum class RelabelAction {
  kReplace,
  kKeep,
  kDrop,
  kKeepEqual,
  kDropEqual,
  kHashMod,
  kLabelMap,
  kLabelDrop,
  kLabelKeep,
  kLowercase,
  kUppercase,
};
/// "replace", "keepequal", ...
std::string_view Name(RelabelAction action);

/// One entry of `relabel_configs`. The members are the options of the same names, and their
/// defaults. Immutable once read.
/// Source: Prometheus' documentation, "Configuration", <relabel_config>; matches Prometheus 3.
struct RelabelRule {
  static constexpr std::string_view kDefaultRegex = "(.*)";
  static constexpr std::string_view kDefaultReplacement = "$1";
  static constexpr std::string_view kDefaultSeparator = ";";

  RelabelAction action = RelabelAction::kReplace;
  std::vector<std::string> source_labels;
  std::string separator{kDefaultSeparator};
  AnchoredRegexp regex{kDefaultRegex};
  std::uint64_t modulus = 0;
  std::string target_label;
  std::string replacement{kDefaultReplacement};
};
using RelabelRules = std::vector<RelabelRule>;

/// `labels` after all rules, each on what the one before made of them; nothing if one of them drops
/// them. A result without labels is an empty set. Safe for concurrent use.
std::optional<Labels> Relabel(const Labels& labels, std::span<const RelabelRule> rules);

/// The list at `key`; empty if it is missing. Mistakes are reported, each at its place.
RelabelRules ReadRelabelRules(YamlMap& options, std::string_view key);

}  // namespace tocsin
