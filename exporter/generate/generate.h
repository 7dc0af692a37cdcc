// The command `tocsin generate`.

#pragma once

#include <filesystem>
#include <variant>

#include "exporter/generate/dashboards.h"
#include "exporter/generate/monitor.h"
#include "exporter/generate/prometheusrule.h"
#include "exporter/generate/rules.h"

namespace tocsin::generate {

/// The verbs that have no options.
enum class Documentation { kMetrics, kManPage, kCompletions };

/// `tocsin generate dashboards`. The edits are those of the rules that the dashboards go with.
struct DashboardFlags {
  DashboardOptions options;
  RuleEdits edits;
};

/// `tocsin generate VERB -o FOLDER`
struct GenerateFlags {
  std::filesystem::path folder;
  std::variant<RulesOptions, PrometheusRuleOptions, MonitorOptions, DashboardFlags, Documentation>
      what;
};

/// 0, or 1 with the reason on standard error if a file cannot be written, or 2 if what was asked
/// for is not there. Says what became of each file on standard output.
int Generate(const GenerateFlags& flags);

}  // namespace tocsin::generate
