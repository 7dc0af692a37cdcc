// Who a Kubernetes object is.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"

namespace tocsin::generate {

using TextPairs = std::vector<std::pair<std::string, std::string>>;

/// `metadata` of an object.
struct ObjectMeta {
  std::string name;
  std::string space;  ///< Its namespace; empty: that of whoever applies it.
  TextPairs labels;   ///< Beside `app.kubernetes.io/name: tocsin`, which one of these may replace.
};

/// Fails with kInvalidInput for what Kubernetes would refuse.
/// Source: Kubernetes' documentation, "Object Names and IDs", "Labels and Selectors".
Status CheckObjectName(std::string_view name);
Status CheckNamespace(std::string_view name);
Status CheckLabels(const TextPairs& labels);

/// `values` with `more` in place of what has the same key, and behind the others.
TextPairs WithLabels(TextPairs values, const TextPairs& more);

/// An object of kind `kind` of the Prometheus operator, as YAML.
std::string OperatorObject(std::string_view kind, const ObjectMeta& meta, YamlNode spec);

}  // namespace tocsin::generate
