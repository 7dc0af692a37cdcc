// Numbers, durations and strings as they are written in PromQL.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::promql {

/// Reads a number as the lexer cuts it: decimal, hexadecimal, octal with a leading 0, with `_`
/// between digits; Inf and NaN in any case. Fails with kInvalidInput, worded as Prometheus does.
Result<double> ParseNumberLiteral(std::string_view text);

/// Reads a duration such as `1h30m`; in seconds. Fails with kInvalidInput, worded as Prometheus
/// does. At most 2^63 ns, some 292 years.
Result<double> ParseDurationLiteral(std::string_view text);

/// The text that a string token, with its quotes, stands for: any bytes. The lexer has checked it.
std::string Unquote(std::string_view token);

/// Appends the shortest decimal that reads back as `value`, without an exponent: "0.000001",
/// "+Inf". Source: Go's strconv.FormatFloat with 'f', which is how Prometheus prints numbers in
/// expressions and as values of samples.
void AppendPlain(std::string& out, double value);
std::string FormatPlain(double value);

}  // namespace tocsin::promql
