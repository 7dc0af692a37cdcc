// What all kinds of receivers have in common.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/yaml.h"
#include "notify/message_templates.h"
#include "notify/notification.h"
#include "notify/outcome.h"

namespace tocsin::notify {

/// One thing to deliver, and what is known about earlier deliveries of the same key.
struct Delivery {
  std::string key;  ///< One key is delivered by one thread at a time, in order.
  Notification notification;
  /// What the kind remembers of this key, such as the message that is to be updated: JSON, or
  /// empty. A sender may change it at any time, also when it fails: what is there is kept and
  /// handed to the next delivery of the key.
  std::string memory;
};

/// The last values of an alert's expression, oldest first, evenly spread over the last hour; NaN
/// where there was none; empty if that is not known. Bounded in time; safe for concurrent use.
using RecentValues = std::function<std::vector<double>(const NotifiedAlert&)>;

/// What senders use. All of it outlives them.
struct SenderParts {
  const Clock* clock = nullptr;
  const Log* log = nullptr;
  std::string external_url = {};  ///< Without a slash at the end.
  std::string user_agent = {};    ///< "tocsin/1.0.0"
  HttpClientFactory make_client = &MakeHttpClient;
  RecentValues recent_values = nullptr;  ///< Null: none are known.
  /// Told of each delivery that is given up, by the threads that deliver; must not wait. May be
  /// null.
  std::function<void(const std::string& receiver, const std::string& entry,
                     const std::string& group_key)>
      given_up = nullptr;
};

/// Delivers to one destination. One thread at a time.
class Sender {
 public:
  virtual ~Sender() = default;
  /// Waits for the receiver, at most until `stop`. Never throws away what could not be delivered:
  /// that is decided by who calls, by the outcome.
  virtual Outcome Send(Delivery& delivery, std::stop_token stop) = 0;
};

/// How often a destination may be spoken to.
struct RateLimit {
  double per_second = 0;  ///< 0: as often as wished.
  double burst = 1;
};

/// One entry of a receiver, such as an item of `slack_configs`. Immutable once read.
class Integration {
 public:
  virtual ~Integration() = default;

  bool send_resolved = true;
  RateLimit rate_limit;
  /// How many keys are delivered at the same time.
  std::size_t max_in_flight = 1;

  /// What goes out for a notification: one delivery with the group's key, or one for each alert.
  virtual std::vector<Delivery> Split(const Notification& notification) const;

  /// A sender, for one thread.
  virtual std::unique_ptr<Sender> MakeSender(SenderParts parts) const = 0;
};

/// What `notify.global` says for all receivers that do not say otherwise.
struct ReceiverDefaults {
  /// `resolve_timeout`: when an alert ends that others post without an end.
  Duration resolve_timeout = std::chrono::minutes(5);
  HttpSettings http;
  SecretSource slack_url;
  SecretSource slack_token;
  std::string slack_app_url = {};  ///< Empty: Slack's own.
  std::string pagerduty_url = "https://events.pagerduty.com/v2/enqueue";
  std::string smtp_from = {};
  std::string smtp_hello = "localhost";
  std::string smtp_smarthost = {};
  std::string smtp_username = {};
  std::string smtp_identity = {};
  SecretSource smtp_password;
  bool smtp_require_tls = true;
  HttpTls smtp_tls = {};
  std::shared_ptr<const MessageTemplates> templates = MessageTemplates::BuiltIn();
};
/// Reads `global`.
ReceiverDefaults ReadReceiverDefaults(YamlMap& notify,
                                      std::shared_ptr<const MessageTemplates> templates);

/// One kind of receiver: a row of the table.
struct IntegrationKind {
  std::string_view name;        ///< "slack"
  std::string_view config_key;  ///< "slack_configs"
  std::string_view summary;     ///< For the documentation: "messages in Slack channels".
  /// Reads an item. Mistakes are reported; what is returned is then not used.
  std::unique_ptr<Integration> (*read)(YamlMap& options, const ReceiverDefaults& defaults);
};
/// In the order of the documentation.
const std::vector<IntegrationKind>& AllIntegrationKinds();

/// An entry of `receivers`. Immutable once read.
struct Receiver {
  std::string name;
  struct Entry {
    std::string kind;       ///< "slack"
    std::size_t index = 0;  ///< Among those of its kind.
    std::shared_ptr<const Integration> integration;
    /// "slack[0]"
    std::string Id() const;
  };
  std::vector<Entry> entries;  ///< May be empty: a receiver that tells nobody.
};
/// Reads `receivers`. Kinds that Alertmanager has and tocsin does not are left out, with a note
/// `file:line:col: ...` for the operator.
std::vector<Receiver> ReadReceivers(YamlMap& notify, const ReceiverDefaults& defaults,
                                    std::vector<std::string>& notes);

}  // namespace tocsin::notify
