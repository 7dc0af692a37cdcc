#include "exporter/generate/prometheusrule.h"

#include <utility>

namespace tocsin::generate {

Result<std::vector<GeneratedFile>> GeneratePrometheusRules(std::span<const EmbeddedFile> catalogue,
                                                           const PrometheusRuleOptions& options) {
  if (Status good = CheckLabels(options.labels); !good) {
    return good.error().Within("--metadata-label");
  }
  if (!options.space.empty()) {
    if (Status good = CheckNamespace(options.space); !good) {
      return good.error().Within("--namespace");
    }
  }
  Result<std::vector<RulePack>> packs = ChooseRulePacks(catalogue, options.rules);
  if (!packs) return packs.error();
  std::vector<GeneratedFile> files;
  for (RulePack& pack : *packs) {
    const ObjectMeta meta{options.name_prefix + pack.name, options.space, options.labels};
    if (Status good = CheckObjectName(meta.name); !good) {
      return good.error().Within("--name-prefix");
    }
    files.push_back({pack.path, "# Written by `tocsin generate prometheusrule`.\n" +
                                    OperatorObject("PrometheusRule", meta, std::move(pack.file))});
  }
  return files;
}

}  // namespace tocsin::generate
