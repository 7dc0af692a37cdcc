// Text in quotes, as Go prints it.

#pragma once

#include <string>
#include <string_view>

namespace tocsin {

/// Appends `text` in double quotes, with backslashes before what Go would not print as it is:
/// control characters, other spaces than " ", invisible ones, bytes that are not UTF-8. Prometheus
/// prints label values and string literals this way. Source: Go's strconv.Quote.
void AppendQuoted(std::string& out, std::string_view text);
std::string Quoted(std::string_view text);

}  // namespace tocsin
