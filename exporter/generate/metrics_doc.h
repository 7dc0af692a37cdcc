// `tocsin generate metrics-doc`: what the documentation tells of options and metrics, from the
// collectors' own descriptions.

#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/metric.h"
#include "base/result.h"
#include "collectors/registry.h"
#include "exporter/generate/generated_file.h"

namespace tocsin::generate {

/// The options and metrics of one collector as Markdown tables, between two marks that say that a
/// program writes what stands there.
std::string CollectorTables(const collectors::CollectorEntry& collector);

/// `page` with the tables of `collector` in place of those it has: of what stands between the
/// marks, or of a line `<!-- generated -->`. A page without either gets them at its end, and an
/// empty page is made one.
std::string PageWithTables(std::string_view page, const collectors::CollectorEntry& collector);

/// A page with a table of all metrics: those of `collectors` and tocsin's `own`, sorted by name.
/// What several collectors export alike stands in it once.
std::string AllMetricsPage(std::span<const collectors::CollectorEntry> collectors,
                           std::span<const MetricDesc> own);

/// "metrics.md", and "collectors/NAME.md" for each collector: in a page that is below `folder`
/// already the tables are renewed, and what people have written around them stays. Fails if one
/// that is there cannot be read.
Result<std::vector<GeneratedFile>> GenerateMetricsDoc(const std::filesystem::path& folder);

}  // namespace tocsin::generate
