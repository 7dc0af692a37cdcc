// double <-> text, as Prometheus spells it.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin {

/// Appends the shortest text that reads back as exactly `value`: "NaN", "+Inf", "-Inf", "1", "0.1",
/// "1e+21". Source: Prometheus' documentation, "Exposition formats", "Text format details".
void AppendNumber(std::string& out, double value);
std::string FormatNumber(double value);

/// Appends `value` in the canonical form for `le` and `quantile` labels: always with a decimal
/// point, an exponent or a word ("3600.0", "0.5", "+Inf"). Source: OpenMetrics 1.0,
/// "Considerations: Canonical Numbers"; Prometheus 3 rewrites scraped labels to this form.
void AppendCanonicalNumber(std::string& out, double value);

/// Parses all of `text` as a number; nothing else may stand before or after it. Accepts NaN and
/// [+-]Inf in any case. What is too near to 0 for a double is 0, with its sign; what is too large
/// is no number. Independent of the locale. Source: Go's strconv.ParseFloat, which Prometheus uses.
std::optional<double> ParseNumber(std::string_view text);

/// Parses all of `digits` as a decimal number, which begins with a digit or a point. Too near to 0
/// is 0, too. Fails with "invalid syntax" or, if it is too large, with "value out of range"; both
/// kInvalidInput.
Result<double> ParseDecimal(std::string_view digits);

}  // namespace tocsin
