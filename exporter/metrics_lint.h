// What experienced users would say about metrics: Prometheus' naming rules.

#pragma once

#include <string>
#include <vector>

#include "exporter/metrics_text.h"

namespace tocsin {

/// The findings about `families`, "METRIC what should be otherwise", sorted. The rules and their
/// words are those of `promtool check metrics` 2.42 (client_golang's promlint).
std::vector<std::string> LintMetrics(const std::vector<TextFamily>& families);

}  // namespace tocsin
