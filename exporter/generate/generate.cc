#include "exporter/generate/generate.h"

#include <iostream>
#include <string>
#include <vector>

#include "base/result.h"
#include "exporter/command_description.h"
#include "exporter/generate/catalogue.h"
#include "exporter/generate/completions.h"
#include "exporter/generate/dashboards.h"
#include "exporter/generate/generated_file.h"
#include "exporter/generate/man_page.h"
#include "exporter/generate/metrics_doc.h"
#include "exporter/version.h"

namespace tocsin::generate {
namespace {

using Files = Result<std::vector<GeneratedFile>>;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

/// The dashboards draw the thresholds of the packs, so they get them with the changes.
Files MakeDashboards(const DashboardFlags& flags) {
  RulesOptions all;
  all.optional = true;
  all.edits = flags.edits;
  const Files rules = GenerateRules(RulePacks(), all);
  if (!rules) return rules.error();
  std::vector<EmbeddedFile> packs;
  for (const GeneratedFile& file : *rules) packs.push_back({file.path, file.text});
  return GenerateDashboards(DashboardSpecs(), packs, flags.options);
}

/// Makes the files for what one verb was asked.
struct Maker {
  const std::filesystem::path& folder;

  Files operator()(const RulesOptions& options) const {
    return GenerateRules(RulePacks(), options);
  }
  Files operator()(const PrometheusRuleOptions& options) const {
    return GeneratePrometheusRules(RulePacks(), options);
  }
  Files operator()(const MonitorOptions& options) const { return GenerateMonitor(options); }
  Files operator()(const DashboardFlags& flags) const { return MakeDashboards(flags); }
  Files operator()(Documentation which) const {
    switch (which) {
      case Documentation::kMetrics: break;
      case Documentation::kManPage:
        return std::vector{GenerateManPage(DescribeCommandLine(), Version())};
      case Documentation::kCompletions: return GenerateCompletions(DescribeCommandLine());
    }
    return GenerateMetricsDoc(folder);
  }
};

}  // namespace

int Generate(const GenerateFlags& flags) {
  const Files files = std::visit(Maker{flags.folder}, flags.what);
  if (!files) {
    std::cerr << "tocsin: " << files.error().message << '\n';
    return files.error().code == ErrorCode::kInvalidInput ? kWrongUsage : kFailed;
  }
  const Status written = WriteGeneratedFiles(*files, flags.folder, std::cout);
  if (written) return kDone;
  std::cerr << "tocsin: " << written.error().message << '\n';
  return kFailed;
}

}  // namespace tocsin::generate
