// `tocsin generate rules`: the rule packs, as they are or with changes.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "exporter/generate/catalogue.h"
#include "exporter/generate/generated_file.h"
#include "exporter/generate/rule_edits.h"

namespace tocsin::generate {

/// Which packs, and what is different in them.
struct RulesOptions {
  std::vector<std::string>
      packs;              ///< "dagster", "dagster-sizing"; none: all that are not optional.
  bool optional = false;  ///< The optional ones, too; of `packs`, those of the same systems.
  RuleEdits edits;
};

/// A pack that was chosen.
struct RulePack {
  std::string name;      ///< "dagster"
  std::string path;      ///< "dagster.yaml", "optional/dagster-sizing.yaml"
  YamlNode file;         ///< With the changes.
  std::string_view raw;  ///< Without them, byte for byte.
};

/// The packs that `options` choose, with the changes, in the order of the catalogue. Fails with
/// kInvalidInput if there is no such pack, no such alert in the chosen ones, or a change cannot be
/// made.
Result<std::vector<RulePack>> ChooseRulePacks(std::span<const EmbeddedFile> catalogue,
                                              const RulesOptions& options);

/// A file for each: the shipped one byte for byte, or written anew, without its comments, if
/// anything is to be different.
Result<std::vector<GeneratedFile>> GenerateRules(std::span<const EmbeddedFile> catalogue,
                                                 const RulesOptions& options);

}  // namespace tocsin::generate
