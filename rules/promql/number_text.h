// Numbers inside messages, as Go's fmt package prints them, and the messages that several functions
// share.

#pragma once

#include <string>

#include "rules/promql/annotations.h"

namespace tocsin::promql {

/// As %g: the shortest digits that read back as `value`, with an exponent below 1e-4 and from 1e+06
/// on; "NaN", "+Inf", "-Inf".
std::string GoG(double value);
/// As %f: six digits after the point.
std::string GoF(double value);

/// Warns if `q` is not between 0 and 1.
void WarnOfQuantile(double q, Position position, Annotations& annotations);

}  // namespace tocsin::promql
