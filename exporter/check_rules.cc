#include "exporter/check_rules.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "exporter/live_api.h"
#include "rules/lint/lint.h"
#include "rules/rule_file.h"

namespace tocsin {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kLintFindings = 3;
constexpr std::string_view kStandardInput = "-";
constexpr std::string_view kStandardInputName = "<stdin>";

/// The files that are meant; a mistake in a pattern is a mistake of a file.
struct Inputs {
  std::vector<std::string> files;
  std::vector<std::string> mistakes;
};

Inputs FindInputs(const std::vector<std::string>& patterns) {
  if (patterns.empty()) return {{std::string(kStandardInput)}, {}};
  Inputs inputs;
  for (const std::string& pattern : patterns) {
    std::error_code ignored;  // Then it is a pattern, or ReadFile() will say why.
    if (pattern == kStandardInput || std::filesystem::exists(pattern, ignored)) {
      inputs.files.push_back(pattern);
      continue;
    }
    const auto found = FindRuleFiles(pattern);
    if (!found) {
      inputs.mistakes.push_back(found.error().message);
    } else if (found->empty()) {
      inputs.mistakes.push_back(fmt::format("{}: no file matches", pattern));
    } else {
      inputs.files.insert(inputs.files.end(), found->begin(), found->end());
    }
  }
  return inputs;
}

Result<std::string> Read(const std::string& file) {
  if (file != kStandardInput) return ReadFile(file);
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

void PrintFailure(const std::string& what) {
  std::cerr << "  FAILED:\n" << what << '\n';
}

/// The file, or nothing if it has mistakes, which are printed.
std::optional<lint::File> CheckFile(const std::string& path, const RuleFileOptions& options) {
  const bool is_input = path == kStandardInput;
  lint::File file;
  file.name = is_input ? kStandardInputName : path;
  std::cout << "Checking " << (is_input ? "standard input" : file.name) << '\n';
  Result<std::string> text = Read(path);
  if (!text) {
    PrintFailure(text.error().message);
    return std::nullopt;
  }
  file.text = *std::move(text);
  Diagnostics diagnostics(file.name);
  std::vector<std::string> warnings;
  file.groups = ParseRuleFile(file.text, file.name, options, diagnostics, warnings);
  for (const std::string& warning : warnings) std::cerr << "warning: " << warning << '\n';
  if (!diagnostics.empty()) {
    PrintFailure(diagnostics.Text());
    return std::nullopt;
  }
  std::size_t rules = 0;
  for (const RuleGroup& group : file.groups) rules += group.rules.size();
  std::cout << fmt::format("  SUCCESS: {} rules found\n", rules);
  return file;
}

/// Prints what the linter says; returns whether anything is more than an info.
bool LintFiles(const std::vector<lint::File>& files, const CheckRulesFlags& flags,
               const RuleFileOptions& options) {
  LiveApi live(flags.server, SystemClock().Now());
  const std::vector<lint::Finding> findings =
      lint::Lint(files, {.checks = flags.checks,
                         .file = options,
                         .scrape_interval = flags.scrape_interval,
                         .live = flags.server.empty() ? nullptr : &live});
  for (const lint::Finding& finding : findings) std::cerr << finding.ToString() << '\n';
  return std::any_of(findings.begin(), findings.end(), [](const lint::Finding& finding) {
    return finding.severity != lint::Severity::kInfo;
  });
}

}  // namespace

std::vector<std::string> LintCheckNames() {
  std::vector<std::string> names;
  for (const lint::CheckSummary& check : lint::Checks()) names.emplace_back(check.name);
  return names;
}

int CheckRules(const CheckRulesFlags& flags) {
  const RuleFileOptions options{.ignore_unknown_fields = flags.ignore_unknown_fields,
                                .experimental = flags.experimental};
  const Inputs inputs = FindInputs(flags.files);
  for (const std::string& mistake : inputs.mistakes) std::cerr << mistake << '\n';
  bool failed = !inputs.mistakes.empty();
  std::vector<lint::File> files;
  for (const std::string& path : inputs.files) {
    std::optional<lint::File> file = CheckFile(path, options);
    failed = failed || !file;
    if (file) files.push_back(*std::move(file));
  }
  const bool found = flags.lint && LintFiles(files, flags, options);
  if (failed) return kFailed;
  return found && flags.lint_fatal ? kLintFindings : kDone;
}

}  // namespace tocsin
