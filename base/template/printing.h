// Values -> text, as Go's fmt does it.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/template/functions.h"

namespace tocsin::text_template {

/// What an action prints: Go's %v, and `<no value>` for nil. Stops when `out` has `most` bytes.
void AppendValue(std::string& out, const Value& value, std::size_t most = kMaxTextBytes);

/// Go's fmt.Sprint: operands that are both no texts have a space between them.
std::string Print(Arguments arguments);
/// Go's fmt.Sprintln: spaces between all operands, and a line feed.
std::string PrintLine(Arguments arguments);

/// Go's fmt.Sprintf with every verb but %p, %b of floats and %x of floats; flags, width, precision,
/// `*` and `[n]`. Never fails: what is wrong is said in the text, `%!d(string=a)`. The result ends
/// at about kMaxTextBytes.
std::string PrintFormatted(std::string_view format, Arguments arguments);

/// A float as %v has it: the shortest text, with an exponent from 1e+06 on and below 1e-4.
std::string FloatText(double value);
/// A float as %.4g has it; NaN, +Inf, -Inf.
std::string FourDigits(double value);

}  // namespace tocsin::text_template
