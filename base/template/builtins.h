// The functions that belong to the language: `eq`, `index`, `len`, `print` ...

#pragma once

#include <string_view>

#include "base/result.h"
#include "base/template/functions.h"

namespace tocsin::text_template {

/// eq ne lt le gt ge, index slice len, print println printf, html js urlquery, not and call.
/// Source: the documentation of Go's text/template, "Functions".
const Functions& Builtins();

/// Whether `name` is a function that only the engine can carry out: `and` and `or`, which may leave
/// arguments alone, and `tmpl`, which calls a template.
bool IsEngineFunction(std::string_view name);

/// `text` for a query in a URL: a space is a plus. Source: Go's url.QueryEscape.
std::string QueryEscaped(std::string_view text);

}  // namespace tocsin::text_template
