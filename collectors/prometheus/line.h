// One line of a page of metrics, taken apart.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::collectors {

/// What a sample line says before its value.
struct SeriesText {
  std::string name;
  /// In the line's order, unescaped, each name once.
  std::vector<std::pair<std::string, std::string>> labels = {};
  std::size_t size = 0;  ///< How long it is, with the blanks that end it: where the value begins.
};

/// Reads `foo{a="b"} ` or `{"foo.x",a="b"} ` at the start of `line`; nothing need follow. On
/// failure the answer says what was expected, and `out` is anything.
std::optional<std::string_view> ReadSeries(std::string_view line, SeriesText& out);

/// What timestamps are counted in.
enum class TimeUnit {
  kMilliseconds,  ///< The text format 0.0.4; a number with a point is in seconds even so.
  kSeconds,       ///< OpenMetrics.
};

struct SampleValue {
  double value = 0;
  std::optional<std::int64_t> timestamp_ms = std::nullopt;
};

/// Reads what follows the series: a value, perhaps a time, perhaps an exemplar, which is passed
/// over. Nothing if it is something else.
std::optional<SampleValue> ReadValue(std::string_view text, TimeUnit unit);

/// A line that begins with '#'.
struct CommentLine {
  enum class Kind { kOther, kType, kHelp, kEnd };
  Kind kind = Kind::kOther;
  std::string name = {};  ///< Of the family.
  std::string text = {};  ///< The word of the type, or the help, unescaped.
};
CommentLine ReadComment(std::string_view line);

/// Takes the next line off the front of `text`, without its LF or CRLF. Whether it ended in one is
/// left in `ended`.
std::string_view TakeLine(std::string_view& text, bool& ended);

/// Whether the text format 0.0.4 has a word for a label of that name, without quotes.
bool IsClassicLabelName(std::string_view name);

/// Whether nothing but blanks stands in `line`.
bool IsBlankLine(std::string_view line);

/// The unit of a page: seconds if its last line is OpenMetrics' `# EOF`.
TimeUnit TimeUnitOf(std::string_view page);

}  // namespace tocsin::collectors
