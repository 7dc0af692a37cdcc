// Two texts as one, with the lines that differ marked.

#pragma once

#include <string>
#include <string_view>

namespace tocsin::unit_test {

/// Every line of both in order: "- " before those of `a` alone, "+ " before those of `b` alone, two
/// blanks before those of both. As few lines as possible are marked. Each line ends in a newline
/// but the last.
std::string DiffOfLines(std::string_view a, std::string_view b);

}  // namespace tocsin::unit_test
