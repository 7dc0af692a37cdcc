// The texts of messages: Go templates over a notification, as Alertmanager has them.

#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/template/template.h"
#include "base/template/value.h"
#include "base/yaml.h"
#include "notify/notification.h"

namespace tocsin::notify {

/// Makes a text harmless for where it is shown.
using TextEscape = std::string (*)(std::string_view);
/// The text itself.
std::string Unescaped(std::string_view text);

/// What templates see of a notification: `.Status`, `.Receiver`, `.GroupLabels`, `.CommonLabels`,
/// `.CommonAnnotations`, `.ExternalURL`, `.Alerts` with `.Firing` and `.Resolved`, each alert with
/// `.Status .Labels .Annotations .StartsAt .EndsAt .GeneratorURL .Fingerprint`, maps with
/// `.SortedPairs .Names .Values .Remove`; and of tocsin's own `.NotificationReason`, `.GroupKey`
/// and `.DecidedAt`, and of each alert `.Value .Condition .IsNew .Reason .URL .SilenceURL
/// .RunbookURL .Sparkline`.
/// Source: Alertmanager's documentation, "Notification template reference"; template/template.go.
struct TemplateContext {
  const Notification* notification = nullptr;
  std::string external_url = {};
  /// Of each alert of the notification, in its order: a line of eight heights of blocks, or empty.
  std::vector<std::string> sparklines = {};
  /// Of the values of labels and annotations, and of conditions.
  TextEscape escape = &Unescaped;
};
text_template::Value TemplateData(const TemplateContext& context);

/// One text of the configuration, parsed.
class MessageText {
 public:
  /// A text without actions costs nothing to expand.
  MessageText() = default;
  /// Fails with kInvalidInput and what Go says, or with kTooLarge.
  Result<std::string> Expand(const text_template::Value& data) const;
  bool empty() const { return source_.empty(); }
  const std::string& source() const { return source_; }

 private:
  friend class MessageTemplates;
  std::string source_;
  std::shared_ptr<const text_template::Template> parsed_;  ///< Null: the text is its own result.
};

/// The definitions that texts may call: the built-in ones (`slack.default.title` ...), and over
/// them those of the files of `templates`. Immutable; safe for concurrent use.
class MessageTemplates {
 public:
  /// Only what is built in.
  static std::shared_ptr<const MessageTemplates> BuiltIn();
  /// Fails with kInvalidInput: file, line and what is wrong.
  static Result<std::shared_ptr<const MessageTemplates>> Load(
      std::span<const std::filesystem::path> files);

  /// Fails with kInvalidInput and what Go says; also if a template is called that is not defined.
  Result<MessageText> Parse(std::string_view text) const;

 private:
  MessageTemplates() = default;
  std::shared_ptr<const text_template::Template> library_;
};

/// Reads `templates`: globs, relative to the configuration's folder. Mistakes are reported.
std::shared_ptr<const MessageTemplates> ReadMessageTemplates(YamlMap& notify);

}  // namespace tocsin::notify
