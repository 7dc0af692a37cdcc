// What somebody may have meant who mistyped a word.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

/// The one of `candidates` that is most like `word`, or nothing if none is near: for "did you
/// mean".
std::optional<std::string_view> NearestWord(std::string_view word,
                                            const std::vector<std::string_view>& candidates);

/// That word as a hint, ` (did you mean "WORD"?)`, to stand at the end of a message; else empty.
std::string DidYouMean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace tocsin
