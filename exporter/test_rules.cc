#include "exporter/test_rules.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/file.h"
#include "exporter/config.h"
#include "exporter/junit.h"
#include "rules/rule_file.h"
#include "rules/rule_policy.h"
#include "rules/unit_test/coverage.h"
#include "rules/unit_test/test_file.h"
#include "rules/unit_test/test_run.h"

namespace tocsin {
namespace {

using unit_test::Failure;
using unit_test::TestFile;
using unit_test::TestGroup;
using unit_test::TestOutcome;

/// A file that was read, with the rules that it tests.
struct Loaded {
  TestFile tests;
  std::vector<EffectiveGroup> groups;
};

/// Group names that are there twice in `group_eval_order`, which says nothing then.
Status CheckOrder(const TestFile& file) {
  std::set<std::string_view> seen;
  for (const std::string& name : file.group_eval_order) {
    if (!seen.insert(name).second) {
      return Error{ErrorCode::kInvalidInput,
                   fmt::format("group name repeated in evaluation order: {}", name)};
    }
  }
  return {};
}

Result<Loaded> Load(const std::filesystem::path& path, bool ignore_unknown_fields,
                    bool experimental, const std::vector<RulePolicy>& policies) {
  const Result<std::string> text = ReadFile(path);
  if (!text) return text.error();
  Diagnostics diagnostics(path.string());
  Loaded loaded;
  loaded.tests = unit_test::ParseTestFile(*text, ignore_unknown_fields, diagnostics);
  if (!diagnostics.empty()) return diagnostics.ToStatus().error();
  if (const Status order = CheckOrder(loaded.tests); !order) return order.error();
  RuleFileOptions options;
  options.ignore_unknown_fields = ignore_unknown_fields;
  options.experimental = experimental;
  const Result<LoadedRules> rules =
      LoadRuleFiles(loaded.tests.rule_files, path.parent_path(), options);
  if (!rules) return rules.error();
  loaded.groups = ApplyPolicies(rules->groups, policies);
  return loaded;
}

/// The patterns of --run: a test whose name one of them finds is run.
class Chosen {
 public:
  explicit Chosen(const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) {
      patterns_.push_back(std::make_unique<RE2>(pattern, RE2::Quiet));
    }
  }

  /// What is wrong with a pattern; empty if nothing is.
  std::string Problem() const {
    for (const auto& pattern : patterns_) {
      if (!pattern->ok()) return fmt::format("--run: {}: {}", pattern->pattern(), pattern->error());
    }
    return {};
  }

  bool Has(const std::string& name) const {
    return patterns_.empty() || std::ranges::any_of(patterns_, [&](const auto& pattern) {
             return RE2::PartialMatch(name, *pattern);
           });
  }

 private:
  std::vector<std::unique_ptr<RE2>> patterns_;
};

class Tester {
 public:
  explicit Tester(const TestRulesFlags& flags)
      : flags_(flags), experimental_(flags.experimental), chosen_(flags.run) {}

  int Run() {
    if (const std::string problem = chosen_.Problem(); !problem.empty()) {
      std::cerr << "tocsin: " << problem << '\n';
      return EXIT_FAILURE;
    }
    if (const Status read = ReadConfig(); !read) {
      std::cerr << read.error().message << '\n';
      return EXIT_FAILURE;
    }
    bool good = true;
    for (const std::string& file : flags_.files) good = RunFile(file) && good;
    if (flags_.coverage) PrintCoverage();
    if (!flags_.junit.empty()) {
      if (const Status written = ReplaceFile(flags_.junit, ToJUnit(suites_)); !written) {
        std::cerr << "tocsin: " << written.error().message << '\n';
        return EXIT_FAILURE;
      }
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
  }

 private:
  Status ReadConfig() {
    if (flags_.config.empty()) return {};
    Result<Config> config = LoadConfig(flags_.config);
    if (!config) return config.error();
    policies_ = std::move(config->rules.policies);
    experimental_ = experimental_ || config->promql.experimental;
    for (const std::string& warning : config->rules.warnings) std::cerr << warning << '\n';
    return {};
  }

  bool RunFile(const std::string& file) {
    std::cout << "Unit Testing:  " << file << '\n';
    JUnitSuite& suite = suites_.emplace_back();
    suite.name = file;
    const Result<Loaded> loaded =
        Load(file, flags_.ignore_unknown_fields, experimental_, policies_);
    if (!loaded) {
      std::cout << "  FAILED:\n" << loaded.error().message << "\n\n";
      suite.cases.push_back({"load", {loaded.error().message}, 0});
      return false;
    }
    for (const EffectiveGroup& each : loaded->groups) coverage_.AddRules(each.group);
    std::vector<Failure> failures;
    for (const TestGroup& test : loaded->tests.tests) {
      if (!chosen_.Has(test.name)) continue;
      RunTest(test, *loaded, suite, failures);
    }
    Print(failures);
    return failures.empty();
  }

  void RunTest(const TestGroup& test, const Loaded& loaded, JUnitSuite& suite,
               std::vector<Failure>& failures) {
    if (flags_.debug) std::cout << fmt::format("DEBUG: Starting test {}\n", test.name);
    const auto begun = std::chrono::steady_clock::now();
    TestOutcome outcome =
        unit_test::RunTest(test, loaded.tests, loaded.groups,
                           {.experimental = experimental_, .dump = flags_.debug}, coverage_);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    if (flags_.debug) {
      std::cout << "DEBUG: Dump of all data (input_series and rules):\n" << outcome.dump;
    }
    JUnitCase& result = suite.cases.emplace_back();
    result.name = test.name;
    result.seconds = took.count();
    for (const Failure& failure : outcome.failures) result.failures.push_back(failure.ToString());
    std::ranges::move(outcome.failures, std::back_inserter(failures));
  }

  void Print(const std::vector<Failure>& failures) const {
    if (failures.empty()) {
      std::cout << "  SUCCESS\n\n";
      return;
    }
    std::cout << "  FAILED:\n";
    for (const Failure& failure : failures) {
      std::cout << (flags_.diff ? failure.ToDiff() : failure.ToString()) << "\n\n";
    }
  }

  void PrintCoverage() const {
    const std::vector<unit_test::Coverage::Gap> gaps = coverage_.Gaps();
    std::cout << fmt::format("Coverage: {} of {} rules are tested wholly\n",
                             coverage_.rules() - gaps.size(), coverage_.rules());
    for (const auto& gap : gaps) {
      std::cout << fmt::format("  {}: group {}, {}: {}\n", gap.file, gap.group, gap.rule, gap.what);
    }
  }

  const TestRulesFlags& flags_;
  bool experimental_;
  const Chosen chosen_;
  std::vector<RulePolicy> policies_;
  unit_test::Coverage coverage_;
  std::vector<JUnitSuite> suites_;
};

}  // namespace

int TestRules(const TestRulesFlags& flags) {
  return Tester(flags).Run();
}

}  // namespace tocsin
