#include "rules/text_object.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace tocsin {
namespace {

constexpr unsigned char kFirstPrintable = 0x20;

void AppendString(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < kFirstPrintable) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void AppendMember(std::string& out, std::string_view name, std::string_view text) {
  if (out.size() > 1) out += ',';
  AppendString(out, name);
  out += ':';
  AppendString(out, text);
}

/// Reads from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : left_(text) {}

  bool Skip(char expected) {
    if (!left_.starts_with(expected)) return false;
    left_.remove_prefix(1);
    return true;
  }

  bool IsAtEnd() const { return left_.empty(); }

  std::optional<std::string> String() {
    if (!Skip('"')) return std::nullopt;
    std::string text;
    while (!left_.empty()) {
      if (Skip('"')) return text;
      const std::optional<char> c = Skip('\\') ? Escaped() : Take();
      if (!c) return std::nullopt;
      text += *c;
    }
    return std::nullopt;
  }

 private:
  std::optional<char> Take() {
    if (left_.empty()) return std::nullopt;
    const char c = left_.front();
    left_.remove_prefix(1);
    return c;
  }

  std::optional<char> Escaped() {
    if (!left_.starts_with('u')) return Take();
    constexpr std::size_t kLength = 5;  // u001f
    if (left_.size() < kLength) return std::nullopt;
    unsigned int code = 0;
    const char* const end = left_.data() + kLength;
    const auto [parsed, problem] = std::from_chars(left_.data() + 1, end, code, 16);
    if (problem != std::errc{} || parsed != end || code >= kFirstPrintable) return std::nullopt;
    left_.remove_prefix(kLength);
    return static_cast<char>(code);
  }

  std::string_view left_;
};

}  // namespace

std::string ToTextObject(const Labels& labels) {
  std::string json = "{";
  for (const Label& label : labels) AppendMember(json, label.name.text(), label.value.text());
  return json + "}";
}

std::string ToTextObject(const TextMap& texts) {
  std::string json = "{";
  for (const auto& [name, text] : texts) AppendMember(json, name, text);
  return json + "}";
}

std::optional<TextMap> ParseTextObject(std::string_view json) {
  Reader reader(json);
  TextMap texts;
  if (!reader.Skip('{')) return std::nullopt;
  if (!reader.Skip('}')) {
    do {
      std::optional<std::string> name = reader.String();
      if (!name || !reader.Skip(':')) return std::nullopt;
      std::optional<std::string> text = reader.String();
      if (!text) return std::nullopt;
      texts.emplace_back(std::move(*name), std::move(*text));
    } while (reader.Skip(','));
    if (!reader.Skip('}')) return std::nullopt;
  }
  if (!reader.IsAtEnd()) return std::nullopt;
  return texts;
}

std::optional<Labels> ParseLabelsObject(std::string_view json) {
  const std::optional<TextMap> texts = ParseTextObject(json);
  if (!texts) return std::nullopt;
  LabelsBuilder labels;
  for (const auto& [name, text] : *texts) labels.Set(name, text);
  return labels.Build();
}

}  // namespace tocsin
