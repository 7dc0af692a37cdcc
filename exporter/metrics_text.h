// Reads metrics in the text format 0.0.4, strictly.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// What a text says about one metric family, as far as lint rules look at it.
struct TextFamily {
  std::string name;
  std::string type = "untyped";
  bool has_type = false;
  bool has_help = false;
  std::size_t samples = 0;
  /// The label names of all its samples, each once, in the order in which they were first seen.
  /// Without the `le` of a histogram's buckets and the `quantile` of a summary, which belong to the
  /// format.
  std::vector<std::string> label_names;
};

/// Parses all of `text`; the families are in the order in which they were first named. Fails with
/// kInvalidInput at the first mistake: "file:line:column: what is wrong", with `file` as given.
/// Source: Prometheus' documentation, "Exposition formats", "Text-based format"; accepts and
/// refuses what Prometheus' parser for Go (expfmt) does.
Result<std::vector<TextFamily>> ParseMetricsText(std::string_view text, std::string_view file);

}  // namespace tocsin
