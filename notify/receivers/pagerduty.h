// An item of `pagerduty_configs`: events of PagerDuty's Events API, version 2.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http_client.h"
#include "base/secret.h"
#include "base/yaml.h"
#include "notify/message_templates.h"
#include "notify/receiver.h"
#include "notify/receivers/templated_tree.h"

namespace tocsin::notify {

struct PagerdutyLink {
  MessageText href;
  MessageText text;
};

struct PagerdutyImage {
  MessageText src;
  MessageText href;
  MessageText alt;
};

/// Immutable once read. Source: PagerDuty's documentation, "Send an event to PagerDuty";
/// Alertmanager's, "Configuration", <pagerduty_config>.
struct PagerdutyConfig final : Integration {
  /// What one incident is about.
  enum class Per { kAlert, kGroup };

  SecretSource routing_key;
  std::string url;
  HttpSettings http;
  Per per = Per::kAlert;

  MessageText description;
  MessageText severity;
  MessageText source;
  MessageText client;
  MessageText client_url;
  MessageText component;
  MessageText group;
  MessageText event_class;  ///< `class`
  /// Names and what they are; also those that are always there.
  std::vector<std::pair<std::string, TemplatedTree>> details;
  std::vector<PagerdutyLink> links;
  std::vector<PagerdutyImage> images;

  /// By alert: one delivery for each that changed, or for all if the receiver is told of all again.
  /// Of a test: that it fires, and that it is resolved.
  std::vector<Delivery> Split(const Notification& notification) const override;
  std::unique_ptr<Sender> MakeSender(SenderParts parts) const override;

 private:
  static std::vector<Delivery> SplitTest(const Notification& notification);
};

/// Mistakes are reported.
std::unique_ptr<Integration> ReadPagerduty(YamlMap& options, const ReceiverDefaults& defaults);

/// What PagerDuty knows an alert by: the same over restarts.
std::string PagerdutyAlertKey(const Labels& labels);
/// And a group.
std::string PagerdutyGroupKey(std::string_view group_key);

}  // namespace tocsin::notify
