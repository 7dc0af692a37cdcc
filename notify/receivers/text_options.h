// Texts of receivers: as options, and expanded for a message.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/template/value.h"
#include "base/yaml.h"
#include "notify/message_templates.h"
#include "notify/notification.h"

namespace tocsin::notify {

/// The text at `key`, or `otherwise`. Mistakes in its language are reported at its place.
MessageText ReadText(YamlMap& options, std::string_view key, std::string_view otherwise,
                     const MessageTemplates& templates);

/// A map of names and texts, in its order.
using NamedTexts = std::vector<std::pair<std::string, MessageText>>;
NamedTexts ReadTexts(YamlMap& options, std::string_view key, const MessageTemplates& templates);

/// What a message says when its own text fails: "[FIRING:2] A, B", at most ten names.
std::string ShortText(const Notification& notification);

/// Expands the texts of one sender's messages. A text that fails must not lose the message: it is
/// replaced, and the first failure is logged. One thread at a time.
class TextExpander {
 public:
  /// `kind` is what the log calls it. `log` may be null and outlives this.
  TextExpander(std::string_view kind, const Log* log) : kind_(kind), log_(log) {}

  /// Begins with the next message. Its data, and what its main texts are replaced by.
  void Begin(text_template::Value data, std::string short_text);

  /// The expanded text, or the short one.
  std::string Main(const MessageText& text);
  /// The expanded text, or nothing.
  std::string Detail(const MessageText& text);
  /// Whether a text of this message has failed.
  bool has_failed() const { return has_failed_; }

 private:
  std::string Expand(const MessageText& text, std::string_view otherwise);

  const std::string kind_;
  const Log* const log_;
  text_template::Value data_;
  std::string short_text_;
  bool has_failed_ = false;
  bool has_logged_ = false;
};

}  // namespace tocsin::notify
