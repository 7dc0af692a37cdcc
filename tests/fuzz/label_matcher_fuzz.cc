// Any text is a list of matchers or refused with a reason; what is printed of matchers is the same
// matchers again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "notify/label_matcher.h"

using tocsin::notify::LabelMatchers;
using tocsin::notify::ParseLabelMatcher;
using tocsin::notify::ParseLabelMatchers;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto one = ParseLabelMatcher(text);
  const auto matchers = ParseLabelMatchers(text);
  if (!matchers) {
    if (one || matchers.error().message.empty()) std::abort();
    return 0;
  }
  if (one && matchers->size() != 1) std::abort();
  static_cast<void>(Matches(*matchers, tocsin::Labels{{"a", "b"}}));
  const std::string printed = ToString(*matchers);
  const auto again = ParseLabelMatchers(printed);
  if (!again || ToString(*again) != printed) std::abort();
  return 0;
}
