// The digits of numbers, as Go's fmt writes them. Signs, prefixes and filling are the caller's.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tocsin::text_template {

/// An integer in a base from 2 to 16.
std::string IntegerDigits(std::uint64_t magnitude, int base, bool is_upper);

/// A float without its sign, by the verb e, f or g, or in upper case; "Inf", "NaN". Without a
/// precision e and f have 6 places, and g as many as it takes to read the same float back.
std::string FloatDigits(double magnitude, char verb, std::optional<int> precision);

}  // namespace tocsin::text_template
