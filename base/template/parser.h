// Tokens -> the tree of a template.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/template/functions.h"
#include "base/template/syntax.h"

namespace tocsin::text_template {

/// How deep blocks and parentheses may be nested, together.
inline constexpr std::size_t kMaxNesting = 100;

/// Adds what `source` defines to `definitions`, and all of it outside `define` as `name`. A
/// definition with something in it replaces one of the same name that was there before; twice in
/// one source is an error. `variables` are declared outside `define`.
/// Errors: see Template::Parse().
Status ParseInto(Definitions& definitions, std::string_view name,
                 std::shared_ptr<const std::string> source, const Functions& functions,
                 std::span<const std::string> variables);

/// Whether the language itself has a function of this name: `and`, `printf`.
bool IsBuiltin(std::string_view name);

}  // namespace tocsin::text_template
