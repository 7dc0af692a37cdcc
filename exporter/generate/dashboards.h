// Grafana boards, made from panel specifications and the alerts whose thresholds they draw.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "exporter/generate/catalogue.h"
#include "exporter/generate/generated_file.h"

namespace tocsin::generate {

struct DashboardOptions {
  /// The uids of the data source that is chosen when a board is opened first; empty: Grafana's
  /// default one.
  std::string datasource_uid;
};

/// One file for each specification, "dagster.json", with what Grafana imports, provisions from a
/// file or takes from a ConfigMap. `packs` are all rule packs that the specifications speak of, as
/// they are used: changed thresholds and runbook addresses appear in the boards. Fails with every
/// mistake, each with its file, line and column.
Result<std::vector<GeneratedFile>> GenerateDashboards(std::span<const EmbeddedFile> specs,
                                                      std::span<const EmbeddedFile> packs,
                                                      const DashboardOptions& options);

}  // namespace tocsin::generate
