#pragma once

#include <string>
#include <string_view>

namespace tocsin::collectors {

/// `text` as a value in the query of a URL: all but letters, digits and "-._~" as %XX.
/// Source: RFC 3986, sections 2.1 and 2.3.
std::string UrlEscaped(std::string_view text);

}  // namespace tocsin::collectors
