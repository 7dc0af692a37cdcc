// Reads samples with times from text.

#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// Parses all of `text`, in the text format 0.0.4 (times in milliseconds) or, if it ends in `#
/// EOF`, in OpenMetrics 1.0 (times in seconds). A series may come many times; a sample without a
/// time gets the newest time that is there, or `otherwise` if there is none. Types, help and
/// exemplars are passed over. The samples are sorted by time, and those of one series and time keep
/// their order.
///
/// Fails with kInvalidInput at the first mistake: "file:line:column: what is wrong".
/// Source: Prometheus' documentation, "Exposition formats"; OpenMetrics 1.0.
Result<std::vector<SampleStore::Entry>> ParseSampleText(std::string_view text,
                                                        std::string_view file, Millis otherwise);

}  // namespace tocsin
