// The queries of panels: what a specification writes, and what Grafana is given.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::generate {

/// `expr` with `job=~"$job",instance=~"$instance"` in each selector that says nothing of `job`.
/// Grafana's variables may stand where durations stand. Fails with kInvalidInput and the place if
/// `expr` is not PromQL, apart from the variables.
Result<std::string> WithVariables(std::string_view expr);

}  // namespace tocsin::generate
