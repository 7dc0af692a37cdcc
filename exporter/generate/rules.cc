#include "exporter/generate/rules.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/nearest_word.h"
#include "exporter/generate/yaml_text.h"
#include "rules/rule_file.h"

namespace tocsin::generate {
namespace {

constexpr std::string_view kOptionalFolder = "optional/";
constexpr std::string_view kSuffix = ".yaml";

bool IsOptional(const EmbeddedFile& file) {
  return file.name.starts_with(kOptionalFolder);
}

std::string_view PackName(const EmbeddedFile& file) {
  std::string_view name = file.name;
  if (IsOptional(file)) name.remove_prefix(kOptionalFolder.size());
  if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
  return name;
}

Error Unknown(std::string_view what, std::string_view word,
              const std::vector<std::string_view>& known) {
  std::string message = fmt::format("no {} is called '{}'", what, word);
  if (const auto nearest = NearestWord(word, known)) {
    message += fmt::format("; did you mean '{}'?", *nearest);
  }
  return {ErrorCode::kInvalidInput, std::move(message)};
}

/// Whether `file` is an optional pack on what the pack `name` is about: "dagster-sizing" for
/// "dagster".
bool BelongsTo(const EmbeddedFile& file, std::string_view name) {
  return IsOptional(file) && PackName(file).starts_with(fmt::format("{}-", name));
}

bool IsChosen(const EmbeddedFile& file, const RulesOptions& options) {
  if (options.packs.empty()) return options.optional || !IsOptional(file);
  return std::ranges::any_of(options.packs, [&](const std::string& name) {
    return PackName(file) == name || (options.optional && BelongsTo(file, name));
  });
}

/// Packs that are asked for and are not there.
Status CheckNames(std::span<const EmbeddedFile> catalogue, const RulesOptions& options) {
  std::vector<std::string_view> known;
  for (const EmbeddedFile& file : catalogue) known.push_back(PackName(file));
  for (const std::string& name : options.packs) {
    if (std::ranges::find(known, name) == known.end()) return Unknown("pack", name, known);
  }
  return {};
}

std::vector<std::string_view> AlertsOf(const YamlNode& file) {
  std::vector<std::string_view> names;
  const YamlNode* const groups = file.Find("groups");
  if (groups == nullptr) return names;
  for (const YamlNode& group : groups->items) {
    const YamlNode* const rules = group.Find("rules");
    if (rules == nullptr) continue;
    for (const YamlNode& rule : rules->items) {
      if (const YamlNode* const alert = rule.Find("alert")) names.push_back(alert->text);
    }
  }
  return names;
}

Status CheckAlerts(const std::vector<RulePack>& packs, const RuleEdits& edits) {
  std::vector<std::string_view> known;
  for (const RulePack& pack : packs) {
    const std::vector<std::string_view> names = AlertsOf(pack.file);
    known.insert(known.end(), names.begin(), names.end());
  }
  for (const std::string& name : edits.AlertNames()) {
    if (std::ranges::find(known, name) == known.end()) {
      return Unknown("alert of these packs", name, known);
    }
  }
  return {};
}

/// What comes out of changes has to be what Prometheus takes: a label's name or value of the user's
/// may be what it does not.
Status CheckResult(const RulePack& pack) {
  Diagnostics diagnostics(pack.path);
  std::vector<std::string> warnings;
  ParseRuleFile(YamlText(pack.file), pack.path, {}, diagnostics, warnings);
  return diagnostics.ToStatus();
}

}  // namespace

Result<std::vector<RulePack>> ChooseRulePacks(std::span<const EmbeddedFile> catalogue,
                                              const RulesOptions& options) {
  if (Status known = CheckNames(catalogue, options); !known) return known.error();
  std::vector<RulePack> packs;
  for (const EmbeddedFile& file : catalogue) {
    if (!IsChosen(file, options)) continue;
    Diagnostics diagnostics{std::string(file.name)};
    std::optional<YamlNode> tree = ParseYaml(file.text, diagnostics);
    if (!tree) return diagnostics.ToStatus().error();
    packs.push_back(
        {std::string(PackName(file)), std::string(file.name), *std::move(tree), file.text});
  }
  if (options.edits.empty()) return packs;
  if (Status known = CheckAlerts(packs, options.edits); !known) return known.error();
  for (RulePack& pack : packs) {
    if (Status done = EditRules(pack.file, options.edits); !done) return done.error();
    if (Status good = CheckResult(pack); !good) return good.error();
  }
  return packs;
}

Result<std::vector<GeneratedFile>> GenerateRules(std::span<const EmbeddedFile> catalogue,
                                                 const RulesOptions& options) {
  const Result<std::vector<RulePack>> packs = ChooseRulePacks(catalogue, options);
  if (!packs) return packs.error();
  std::vector<GeneratedFile> files;
  for (const RulePack& pack : *packs) {
    files.push_back({pack.path, options.edits.empty()
                                    ? std::string(pack.raw)
                                    : "# Written by `tocsin generate rules`, with changes.\n" +
                                          YamlText(pack.file)});
  }
  return files;
}

}  // namespace tocsin::generate
