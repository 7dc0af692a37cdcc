#include "base/yaml_place.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kBlanks = " \t\n\r\v\f";

bool IsBlank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

/// Where a line and column of `file` are, or its end.
std::size_t OffsetOf(std::string_view file, YamlPlace place) {
  std::size_t line_start = 0;
  for (int line = 1; line < place.line; ++line) {
    const std::size_t line_break = file.find('\n', line_start);
    if (line_break == std::string_view::npos) return file.size();
    line_start = line_break + 1;
  }
  return std::min(line_start + static_cast<std::size_t>(place.column) - 1, file.size());
}

YamlPlace PlaceAt(std::string_view file, std::size_t offset) {
  const std::string_view before = file.substr(0, offset);
  const std::size_t line_break = before.rfind('\n');
  const std::size_t line_start = line_break == std::string_view::npos ? 0 : line_break + 1;
  return {static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          static_cast<int>(offset - line_start) + 1};
}

/// The source of a scalar, read character by character. YAML changes nothing of a scalar's text but
/// its blanks and its escapes, so all others stand in the source in the same order.
class Source {
 public:
  Source(std::string_view file, std::size_t begin) : file_(file), at_(begin) {
    SkipProperties();
    const char first = Here();
    if (first == '|' || first == '>') {
      at_ = std::min(file_.find('\n', at_), file_.size());
    } else if (first == '\'' || first == '"') {
      quote_ = first;
      ++at_;
    }
  }

  std::size_t at() const { return at_; }

  /// Goes behind the next character that is not blank, if it is `expected`.
  bool Take(char expected) {
    SkipBlanks();
    if (Here() == '\\' && quote_ == '"') ++at_;  // Blanks that are escaped are behind us.
    if (at_ >= file_.size() || file_[at_] != expected) return false;
    at_ += expected == '\'' && quote_ == '\'' ? 2 : 1;
    return true;
  }

  void SkipBlanks() {
    while (at_ < file_.size()) {
      if (IsBlank(file_[at_])) {
        ++at_;
      } else if (IsEscapedBlank()) {
        at_ += 2;
      } else {
        return;
      }
    }
  }

 private:
  char Here() const { return at_ < file_.size() ? file_[at_] : '\0'; }

  bool IsEscapedBlank() const {
    return quote_ == '"' && file_[at_] == '\\' && at_ + 1 < file_.size() &&
           (std::string_view("ntrvf").find(file_[at_ + 1]) != std::string_view::npos ||
            IsBlank(file_[at_ + 1]));
  }

  /// An anchor or a tag before the scalar.
  void SkipProperties() {
    while (Here() == '&' || Here() == '!') {
      at_ = std::min(file_.find_first_of(kBlanks, at_), file_.size());
      at_ = std::min(file_.find_first_not_of(kBlanks, at_), file_.size());
    }
  }

  std::string_view file_;
  std::size_t at_;
  char quote_ = '\0';
};

}  // namespace

std::optional<YamlPlace> PlaceInScalar(std::string_view file, const YamlNode& scalar,
                                       std::size_t offset) {
  if (file.starts_with(kByteOrderMark)) file.remove_prefix(kByteOrderMark.size());
  Source source(file, OffsetOf(file, scalar.place));
  const std::string_view text = scalar.text;
  for (const char c : text.substr(0, std::min(offset, text.size()))) {
    if (!IsBlank(c) && !source.Take(c)) return std::nullopt;
  }
  if (offset < text.size() && !IsBlank(text[offset])) source.SkipBlanks();
  return PlaceAt(file, source.at());
}

}  // namespace tocsin
