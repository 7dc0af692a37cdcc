// `tocsin generate prometheusrule`: the rule packs as objects of the Prometheus operator.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "exporter/generate/catalogue.h"
#include "exporter/generate/generated_file.h"
#include "exporter/generate/object_meta.h"
#include "exporter/generate/rules.h"

namespace tocsin::generate {

struct PrometheusRuleOptions {
  RulesOptions rules;
  std::string name_prefix = "tocsin-";
  std::string space;  ///< The namespace; empty: none is written.
  TextPairs labels;   ///< Of the objects: what a Prometheus selects them by.
};

/// An object for each pack, its name the prefix and the pack's: spec.groups is that of the pack.
Result<std::vector<GeneratedFile>> GeneratePrometheusRules(std::span<const EmbeddedFile> catalogue,
                                                           const PrometheusRuleOptions& options);

}  // namespace tocsin::generate
