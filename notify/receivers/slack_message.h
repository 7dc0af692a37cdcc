// What Slack is told of a notification.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "notify/notification.h"
#include "notify/receivers/slack_config.h"
#include "notify/receivers/text_options.h"

namespace tocsin::notify {

/// With `& < >` as entities, so that nothing in it is a link or pings anybody.
std::string SlackEscaped(std::string_view text);

/// Which message it is or belongs to.
struct SlackPlace {
  std::string channel = {};    ///< Empty: as configured.
  std::string ts = {};         ///< Of the message to be changed.
  std::string thread_ts = {};  ///< Of the message to reply to.
};

/// Writes the messages about one notification as JSON. Sizes are measured, so that Slack takes
/// them: what does not fit is counted ("and 12 more").
/// Source: Slack's documentation, "Reference: Layout blocks", "Legacy: secondary attachments".
class SlackMessage {
 public:
  static constexpr std::size_t kMostBlocks = 50;
  static constexpr std::size_t kMostHeader = 150;
  static constexpr std::size_t kMostSection = 3'000;
  /// Of all blocks. Slack has refused messages from about 13,200 on.
  static constexpr std::size_t kMostCharacters = 12'000;

  /// What it refers to must outlive it. `texts` has begun with the notification; `sparklines` are
  /// as many as alerts.
  SlackMessage(const SlackConfig& config, const Notification& notification,
               const std::string& external_url, const std::vector<std::string>& sparklines,
               TextExpander& texts)
      : config_(config),
        notification_(notification),
        external_url_(external_url),
        sparklines_(sparklines),
        texts_(texts) {}

  /// As configured: blocks, or an attachment.
  std::string Full(const SlackPlace& place);
  /// A few lines of text, for when Slack refuses the form of the full one.
  std::string Plain(const SlackPlace& place);
  /// What is new and what is resolved, for the thread; empty if nothing is.
  std::string Changes(const SlackPlace& place);

 private:
  JsonWriter& Begin(JsonWriter& json, const SlackPlace& place);
  void AddText(JsonWriter& json, std::string_view key, const MessageText& text);
  void AddBlocks(JsonWriter& json);
  void AddAttachment(JsonWriter& json);
  void AddFields(JsonWriter& json);
  void AddActions(JsonWriter& json);
  std::string Section(std::size_t index) const;
  std::string Links(const NotifiedAlert& alert) const;
  std::string ShortLine(const NotifiedAlert& alert) const;
  std::string Title();

  const SlackConfig& config_;
  const Notification& notification_;
  const std::string& external_url_;
  const std::vector<std::string>& sparklines_;
  TextExpander& texts_;
};

}  // namespace tocsin::notify
