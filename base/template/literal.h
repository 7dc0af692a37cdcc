// Constants in templates, as Go writes them.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/template/syntax.h"

namespace tocsin::text_template {

/// What stands in "..." or `...`. Fails with "invalid syntax" as Go does, for an escape it does not
/// know. Source: Go's strconv.Unquote.
Result<std::string> Unquote(std::string_view literal);

/// A number in decimal, with 0x, 0o, 0b or underscores, or a character such as 'a', which is its
/// code point. Fails for what is none, and for integers beyond 64 bits.
Result<Number> ParseConstant(std::string_view literal);

}  // namespace tocsin::text_template
