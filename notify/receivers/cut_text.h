// Texts that must not be longer than a receiver takes.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin::notify {

/// How many characters (code points) there are in UTF-8.
std::size_t CountCharacters(std::string_view text);

/// `text` if it has at most `most` characters; else its beginning and "…", together `most`. An HTML
/// entity such as `&amp;` is not cut through. Bytes that are not UTF-8 become U+FFFD.
std::string CutToCharacters(std::string_view text, std::size_t most);

/// The same by bytes, at the end of a character.
std::string CutToBytes(std::string_view text, std::size_t most);

}  // namespace tocsin::notify
