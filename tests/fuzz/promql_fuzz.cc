// Any text is an expression or refused at a place in it; what is printed of an expression, on one
// line or on several, is the same expression again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rules/promql/parser.h"
#include "rules/promql/printer.h"

using tocsin::promql::Parse;
using tocsin::promql::ParseResult;

namespace {

constexpr tocsin::promql::ParseOptions kOptions = {.experimental = true};

void CheckError(const ParseResult& result, std::string_view text) {
  const auto [begin, end] = result.error.position;
  const bool is_placed = begin <= end && end <= text.size() && !result.error.message.empty();
  if (!is_placed) std::abort();
  static_cast<void>(result.error.WithCaret(text));
}

void CheckPrinted(const std::string& printed, const std::string& expected) {
  const ParseResult again = Parse(printed, kOptions);
  if (!again || Print(*again.query->root) != expected) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(tocsin::promql::ParseSeriesName(text));
  static_cast<void>(tocsin::promql::ParseMetricSelector(text));
  const ParseResult result = Parse(text, kOptions);
  if (!result) {
    CheckError(result, text);
    return 0;
  }
  const std::string printed = Print(*result.query->root);
  CheckPrinted(printed, printed);
  CheckPrinted(PrettyPrint(*result.query->root), printed);
  return 0;
}
