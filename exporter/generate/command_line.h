// The command lines of `tocsin generate`.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "exporter/command_line.h"
#include "exporter/declared_command.h"
#include "exporter/generate/generate.h"

namespace tocsin::generate {

/// Declares the verbs, and holds what the parser fills in. Outlives the parsing.
class GenerateCommands {
 public:
  using Command = DeclaredCommand;

  /// Adds `generate` to `app`, with its verbs. Once.
  std::vector<Command> AddTo(CLI::App& app);

 private:
  /// What stands behind the options, before it is read.
  struct Words {
    std::string job;
    std::vector<std::string> selectors;
    std::vector<std::string> labels;
    std::vector<std::string> thresholds;
    std::vector<std::string> holds;
    std::vector<std::string> metadata_labels;
    std::vector<std::string> selector_labels;
    std::string interval;
    std::string scrape_timeout;
  };

  CLI::App* AddVerb(CLI::App& generate, const std::string& name, const std::string& help);
  void AddRulesOptions(CLI::App& verb);
  void AddThreshold(CLI::App& verb);
  void AddRunbookUrl(CLI::App& verb);
  void AddObjectOptions(CLI::App& verb, std::string& space);
  Command AddRules(CLI::App& generate);
  Command AddPrometheusRule(CLI::App& generate);
  Command AddMonitor(CLI::App& generate, MonitorOptions::Kind kind);
  Command AddDashboards(CLI::App& generate);
  Command AddDocumentation(CLI::App& generate, Documentation which);

  Result<RulesOptions> ReadRules() const;
  Result<CommandLine> DashboardsAnswer() const;
  Result<CommandLine> PrometheusRuleAnswer() const;
  Result<CommandLine> MonitorAnswer(MonitorOptions::Kind kind) const;

  std::filesystem::path folder_;
  Words words_;
  RulesOptions rules_;
  PrometheusRuleOptions prometheus_rule_;
  MonitorOptions monitor_;
  DashboardOptions dashboards_;
};

}  // namespace tocsin::generate
