// double <-> text, as Prometheus spells it.

#pragma once

#include <optional>
#include <string>
#include <string_view>

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
/// [+-]Inf in any case. Independent of the locale.
std::optional<double> ParseNumber(std::string_view text);

}  // namespace tocsin
