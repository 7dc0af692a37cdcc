#include "rules/text_object.h"

#include <cstddef>

namespace tocsin {
namespace {

bool NeedsEscape(char c) {
  constexpr unsigned char kFirstPrintable = 0x20;
  return static_cast<unsigned char>(c) < kFirstPrintable || c == '"' || c == '\\';
}

void AppendEscaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
    return;
  }
  out += "\\u00";
  out += kHex[static_cast<unsigned char>(c) >> 4];
  out += kHex[static_cast<unsigned char>(c) & 0xf];
}

/// Without the quotes around it.
void AppendInside(std::string& out, std::string_view text) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(text[i])) continue;
    out.append(text, plain, i - plain);
    AppendEscaped(out, text[i]);
    plain = i + 1;
  }
  out.append(text, plain);
}

/// Appends one object. Few long pieces are faster than many short ones.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) {}
  ObjectText(const ObjectText&) = delete;
  ObjectText& operator=(const ObjectText&) = delete;
  ~ObjectText() { out_ += before_ == kBegin ? "{}" : after_; }

  void Add(std::string_view name, std::string_view text) {
    Name(name);
    out_ += "\":\"";
    AppendInside(out_, text);
    after_ = "\"}";
    before_ = "\",\"";
  }
  void AddNull(std::string_view name) {
    Name(name);
    out_ += "\":null";
    after_ = "}";
    before_ = ",\"";
  }

 private:
  static constexpr std::string_view kBegin = "{\"";

  void Name(std::string_view name) {
    out_ += before_;
    AppendInside(out_, name);
  }

  std::string& out_;
  std::string_view before_ = kBegin;  ///< Of the next name: ends what was before it.
  std::string_view after_;            ///< Of all.
};

}  // namespace

void AppendTextObject(std::string& out, const Labels& labels) {
  ObjectText object(out);
  for (const Label& label : labels) object.Add(label.name.text(), label.value.text());
}

void AppendTextObject(std::string& out, const TextMap& texts) {
  ObjectText object(out);
  for (const auto& [name, text] : texts) object.Add(name, text);
}

void AppendTextPatch(std::string& out, const Labels& from, const Labels& to) {
  ObjectText object(out);
  const Label* old = from.begin();
  for (const Label& label : to) {
    while (old != from.end() && old->name < label.name) object.AddNull((old++)->name.text());
    const bool is_there = old != from.end() && old->name == label.name;
    if (!is_there || old->value != label.value) object.Add(label.name.text(), label.value.text());
    if (is_there) ++old;
  }
  while (old != from.end()) object.AddNull((old++)->name.text());
}

std::string ToTextObject(const TextMap& texts) {
  std::string json;
  AppendTextObject(json, texts);
  return json;
}

}  // namespace tocsin
