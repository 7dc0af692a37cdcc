#include "notify/receivers/text_options.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace tocsin::notify {
namespace {

MessageText Parse(std::string_view text, YamlPlace place, std::string_view key,
                  const MessageTemplates& templates, Diagnostics& diagnostics) {
  Result<MessageText> parsed = templates.Parse(text);
  if (parsed) return std::move(*parsed);
  diagnostics.Add(place, fmt::format("{}: {}", key, parsed.error().message));
  return {};
}

}  // namespace

MessageText ReadText(YamlMap& options, std::string_view key, std::string_view otherwise,
                     const MessageTemplates& templates) {
  return Parse(options.StringOr(key, otherwise), options.PlaceOf(key), key, templates,
               options.diagnostics());
}

NamedTexts ReadTexts(YamlMap& options, std::string_view key, const MessageTemplates& templates) {
  const YamlNode* const map = options.Node(key);
  NamedTexts texts;
  for (const auto& [name, text] : options.StringMap(key)) {
    const YamlNode* const value = map->Find(name);
    texts.emplace_back(name, Parse(text, value == nullptr ? map->place : value->place, name,
                                   templates, options.diagnostics()));
  }
  return texts;
}

std::string ShortText(const Notification& notification) {
  constexpr std::size_t kMostNames = 10;
  std::set<std::string_view> names;
  std::size_t firing = 0;
  for (const NotifiedAlert& alert : notification.alerts) {
    names.insert(alert.labels.Get("alertname"));
    if (!alert.resolved) ++firing;
  }
  std::string text = firing > 0 ? fmt::format("[FIRING:{}]", firing) : "[RESOLVED]";
  std::size_t shown = 0;
  for (const std::string_view name : names) {
    if (shown == kMostNames) {
      text += fmt::format(" and {} more", names.size() - shown);
      break;
    }
    text += shown++ == 0 ? " " : ", ";
    text += name;
  }
  return text;
}

void TextExpander::Begin(text_template::Value data, std::string short_text) {
  data_ = std::move(data);
  short_text_ = std::move(short_text);
  has_failed_ = false;
}

std::string TextExpander::Main(const MessageText& text) {
  return Expand(text, short_text_);
}

std::string TextExpander::Detail(const MessageText& text) {
  return Expand(text, "");
}

std::string TextExpander::Expand(const MessageText& text, std::string_view otherwise) {
  Result<std::string> expanded = text.Expand(data_);
  if (expanded) return std::move(*expanded);
  has_failed_ = true;
  if (!std::exchange(has_logged_, true) && log_ != nullptr) {
    log_->Error("text of a message fails, sending it without",
                {{"kind", kind_}, {"error", expanded.error().message}});
  }
  return std::string(otherwise);
}

}  // namespace tocsin::notify
