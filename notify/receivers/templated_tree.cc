#include "notify/receivers/templated_tree.h"

#include <set>
#include <string_view>

#include <boost/json.hpp>

namespace tocsin::notify {
namespace {

/// Whether it is JSON that is no string. Looks at the first character before it parses.
bool IsJsonValue(std::string_view text) {
  constexpr std::string_view kBeginnings = "{[-0123456789tfn";
  if (text.empty() || kBeginnings.find(text.front()) == std::string_view::npos) return false;
  boost::system::error_code problem;
  boost::json::parse(text, problem);
  return !problem;
}

}  // namespace

TemplatedTree::TemplatedTree(const YamlNode& node, const MessageTemplates& templates,
                             Diagnostics& diagnostics) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      kind_ = Kind::kConstant;
      constant_ = "null";
      return;
    case YamlNode::Kind::kScalar: {
      const bool has_actions = node.text.find("{{") != std::string::npos;
      kind_ =
          !has_actions && !node.quoted && IsJsonValue(node.text) ? Kind::kConstant : Kind::kText;
      constant_ = node.text;
      if (kind_ == Kind::kConstant) return;
      Result<MessageText> text = templates.Parse(node.text);
      if (!text) diagnostics.Add(node.place, text.error().message);
      if (text) text_ = std::move(*text);
      return;
    }
    case YamlNode::Kind::kList:
      kind_ = Kind::kList;
      for (const YamlNode& item : node.items) items_.emplace_back(item, templates, diagnostics);
      return;
    case YamlNode::Kind::kMap: break;
  }
  kind_ = Kind::kMap;
  std::set<std::string_view> seen;
  for (const YamlEntry& entry : node.entries) {
    if (!seen.insert(entry.key.text).second) {
      diagnostics.Add(entry.key.place, "duplicate key \"" + entry.key.text + "\"");
    }
    entries_.emplace_back(entry.key.text, TemplatedTree(entry.value, templates, diagnostics));
  }
}

void TemplatedTree::AppendJson(JsonWriter& json, TextExpander& texts) const {
  switch (kind_) {
    case Kind::kNotSet: json.Raw("null"); return;
    case Kind::kConstant: json.Raw(constant_); return;
    case Kind::kText: {
      const std::string text = texts.Detail(text_);
      const bool has_actions = text_.source().find("{{") != std::string::npos;
      if (has_actions && IsJsonValue(text)) {
        json.Raw(text);
      } else {
        json.String(text);
      }
      return;
    }
    case Kind::kList:
      json.BeginArray();
      for (const TemplatedTree& item : items_) item.AppendJson(json, texts);
      json.EndArray();
      return;
    case Kind::kMap:
      json.BeginObject();
      for (const auto& [key, value] : entries_) value.AppendJson(json.Key(key), texts);
      json.EndObject();
      return;
  }
}

}  // namespace tocsin::notify
