#include "exporter/generate/yaml_text.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/quote.h"
#include "base/text.h"

namespace tocsin::generate {
namespace {

constexpr std::size_t kLongestLine = 120;

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsPrintable(char c) {
  return c >= ' ' && c <= '~';
}

/// `5m`, `1h30m`: begins like a number, and is none in any YAML.
bool IsDuration(std::string_view text) {
  bool had_digit = false;
  bool had_unit = false;
  for (const char c : text) {
    const bool is_unit = std::string_view("smhdwy").find(c) != std::string_view::npos;
    if (!is_unit && !IsDigit(c)) return false;
    if (is_unit && !had_digit && c != 's') return false;  // The s of ms stands behind a letter.
    had_digit = IsDigit(c);
    had_unit = is_unit;
  }
  return had_unit;
}

/// Words that YAML 1.1 or 1.2 takes for something other than a text.
bool IsKeyword(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords = {"true", "false", "yes",  "no", "on",
                                                      "off",  "y",     "null", "n"};
  return std::ranges::find(kWords, LowerCase(text)) != kWords.end();
}

/// Whether a text may stand without quotes, in a line of its own or behind a key.
bool IsPlain(std::string_view text) {
  if (text.empty() || text.back() == ' ' || text.back() == ':') return false;
  if (!std::ranges::all_of(text, &IsPrintable)) return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) {
    return false;
  }
  if (IsKeyword(text)) return false;
  const char first = text.front();
  return IsLetter(first) || first == '_' || first == '/' || first == '(' || IsDuration(text);
}

/// Whether a literal block keeps the text as it is.
bool FitsBlock(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.front() == '\n' || text.ends_with("\n\n")) {
    return false;
  }
  return std::ranges::all_of(text, [](char c) { return IsPrintable(c) || c == '\n'; });
}

/// Whether the text can be cut at any of its spaces and reads the same.
bool CanBeFolded(std::string_view text) {
  return std::ranges::all_of(text, &IsPrintable) && !text.starts_with(' ') &&
         !text.ends_with(' ') && text.find("  ") == std::string_view::npos;
}

class Writer {
 public:
  /// Entries of a map, each on a line of its own; the first begins where `text_` ends.
  void AppendEntries(const YamlNode& map, std::size_t indent) {
    for (const YamlEntry& entry : map.entries) {
      if (text_.ends_with('\n')) text_.append(indent, ' ');
      AppendLine(entry.key);
      text_ += ':';
      AppendValue(entry.value, indent + 2);
    }
  }

  std::string Take() { return std::move(text_); }

 private:
  static bool IsEmpty(const YamlNode& node) { return node.entries.empty() && node.items.empty(); }

  /// What follows a key. `indent` is that of what does not fit in the key's line.
  void AppendValue(const YamlNode& node, std::size_t indent) {
    using enum YamlNode::Kind;
    if (node.kind == kNull) {
      text_ += '\n';
    } else if (node.kind == kScalar) {
      text_ += ' ';
      AppendScalar(node, indent);
    } else if (IsEmpty(node)) {
      text_ += node.kind == kMap ? " {}\n" : " []\n";
    } else if (node.kind == kMap) {
      text_ += '\n';
      AppendEntries(node, indent);
    } else {
      text_ += '\n';
      for (const YamlNode& item : node.items) AppendItem(item, indent);
    }
  }

  void AppendItem(const YamlNode& item, std::size_t indent) {
    text_.append(indent, ' ').append("-");
    if (item.kind != YamlNode::Kind::kMap || IsEmpty(item)) return AppendValue(item, indent + 2);
    text_ += ' ';
    AppendEntries(item, indent + 2);
  }

  void AppendScalar(const YamlNode& node, std::size_t indent) {
    const std::string& text = node.text;
    if (text.find('\n') != std::string::npos && FitsBlock(text)) return AppendBlock(text, indent);
    const std::size_t begin = text_.rfind('\n') == std::string::npos ? 0 : text_.rfind('\n') + 1;
    const bool is_long = text_.size() - begin + text.size() > kLongestLine;
    if (is_long && CanBeFolded(text)) return AppendFolded(text, indent);
    AppendLine(node);
    text_ += '\n';
  }

  void AppendLine(const YamlNode& node) {
    // What was read without quotes may stand without: also what is no text, such as a number.
    const bool was_plain = !node.quoted && std::ranges::all_of(node.text, &IsPrintable);
    // Otherwise as Go quotes it: YAML has the same escapes.
    text_ += was_plain || IsPlain(node.text) ? node.text : Quoted(node.text);
  }

  void AppendBlock(std::string_view text, std::size_t indent) {
    text_ += text.ends_with('\n') ? "|\n" : "|-\n";
    if (text.ends_with('\n')) text.remove_suffix(1);
    while (true) {
      const std::size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      if (!line.empty()) text_.append(indent, ' ').append(line);
      text_ += '\n';
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
    }
  }

  void AppendFolded(std::string_view text, std::size_t indent) {
    text_ += ">-";
    std::size_t column = kLongestLine;  // The first word begins a line.
    while (!text.empty()) {
      const std::size_t end = std::min(text.find(' '), text.size());
      const std::string_view word = text.substr(0, end);
      if (column + 1 + word.size() > kLongestLine) {
        text_.append("\n").append(indent, ' ').append(word);
        column = indent + word.size();
      } else {
        text_.append(" ").append(word);
        column += 1 + word.size();
      }
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    text_ += '\n';
  }

  std::string text_;
};

}  // namespace

YamlNode TextNode(std::string text) {
  YamlNode node;
  node.kind = YamlNode::Kind::kScalar;
  node.text = std::move(text);
  node.quoted = true;
  return node;
}

YamlNode MapNode(const std::vector<std::pair<std::string, YamlNode>>& entries) {
  YamlNode node;
  node.kind = YamlNode::Kind::kMap;
  node.entries.reserve(entries.size());
  for (const auto& [key, value] : entries) node.entries.push_back({TextNode(key), value});
  return node;
}

YamlNode TextMapNode(const std::vector<std::pair<std::string, std::string>>& entries) {
  YamlNode node;
  node.kind = YamlNode::Kind::kMap;
  for (const auto& [key, value] : entries) {
    node.entries.push_back({TextNode(key), TextNode(value)});
  }
  return node;
}

YamlNode ListNode(std::vector<YamlNode> items) {
  YamlNode node;
  node.kind = YamlNode::Kind::kList;
  node.items = std::move(items);
  return node;
}

std::string YamlText(const YamlNode& map) {
  Writer writer;
  writer.AppendEntries(map, 0);
  return writer.Take();
}

}  // namespace tocsin::generate
