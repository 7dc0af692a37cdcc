// What tests of receivers have in common.

#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "notify/received_alert.h"
#include "notify/receiver.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"

namespace tocsin::notify {

/// 2026-11-21T16:58:40.5Z.
inline constexpr TimePoint kStart{std::chrono::milliseconds(1'795'280'320'500)};

inline NotifiedAlert MakeAlert(Labels labels, bool resolved = false) {
  NotifiedAlert alert;
  alert.labels = std::move(labels);
  alert.annotations = {{"runbook_url", "https://runbooks.example.org/a"}, {"summary", "is bad"}};
  alert.starts_at = kStart;
  alert.resolved = resolved;
  if (resolved) alert.ends_at = kStart + std::chrono::minutes(5);
  alert.is_new = !resolved;
  alert.value = 312.5;
  alert.condition = "> 300";
  alert.generator_url = "https://tocsin.example.org/graph?g0.expr=up";
  alert.fingerprint = Fingerprint(alert.labels);
  return alert;
}

inline Notification MakeNotification(std::vector<NotifiedAlert> alerts) {
  Notification notification;
  notification.event_id = "11111111-2222-4333-8444-555555555555";
  notification.receiver = "team";
  notification.group_key = "{}:{alertname=\"Slow\"}";
  notification.group_labels = {{"alertname", "Slow"}};
  notification.alerts = std::move(alerts);
  notification.decided_at = kStart + std::chrono::minutes(1);
  return notification;
}

/// One of a kind, read from YAML, with what it sends to a server that is not there.
class ReceiverFixture {
 public:
  /// Reads an item of `slack_configs` or the like; `global` is read first.
  void Read(std::string_view kind, const std::string& yaml, const std::string& global = "{}") {
    Diagnostics diagnostics("f");
    const std::string text = "global: " + global;
    const auto root = ParseYaml(text, diagnostics);
    const auto node = ParseYaml(yaml, diagnostics);
    if (root && node) {
      YamlMap notify(*root, diagnostics);
      const ReceiverDefaults defaults = ReadReceiverDefaults(notify, MessageTemplates::BuiltIn());
      YamlMap options(*node, diagnostics);
      for (const IntegrationKind& row : AllIntegrationKinds()) {
        if (row.name == kind) integration_ = row.read(options, defaults);
      }
    }
    sender_.reset();
    problems_ = diagnostics.Text();
    secrets_ = diagnostics.secrets().size();
  }

  /// What Send() gets answered, one after the other; then 200 and `usual_answer`.
  std::deque<Result<HttpAnswer>> answers;
  std::string usual_answer = "ok";
  std::string external_url = "https://tocsin.example.org";
  RecentValues recent_values = nullptr;
  std::string memory;  ///< Of the last delivery, for the next.

  Outcome Send(const Notification& notification) {
    Outcome outcome;
    for (Delivery& delivery : integration_->Split(notification)) {
      delivery.memory = memory;
      outcome = sender().Send(delivery, {});
      memory = delivery.memory;
    }
    return outcome;
  }

  const Integration& integration() const { return *integration_; }
  const std::string& problems() const { return problems_; }
  std::size_t secrets() const { return secrets_; }
  const std::vector<OutgoingRequest>& requests() const { return requests_; }
  const OutgoingRequest& last() const { return requests_.back(); }
  const HttpSettings& settings() const { return settings_; }
  RecordedLog& log() { return log_; }

  static std::string HeaderOf(const OutgoingRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.headers) {
      if (key == name) return value;
    }
    return {};
  }

 private:
  class Client final : public HttpClient {
   public:
    explicit Client(ReceiverFixture& fixture) : fixture_(fixture) {}
    Result<HttpAnswer> Send(const OutgoingRequest& request, std::stop_token) override {
      fixture_.requests_.push_back(request);
      if (fixture_.answers.empty()) return HttpAnswer{200, {}, fixture_.usual_answer};
      Result<HttpAnswer> answer = fixture_.answers.front();
      fixture_.answers.pop_front();
      return answer;
    }

   private:
    ReceiverFixture& fixture_;
  };

  Sender& sender() {
    if (sender_ != nullptr) return *sender_;
    SenderParts parts;
    parts.clock = &clock_;
    parts.log = &log_.log();
    parts.external_url = external_url;
    parts.user_agent = "tocsin/test";
    parts.recent_values = recent_values;
    parts.make_client = [this](HttpSettings settings) {
      settings_ = std::move(settings);
      return std::make_unique<Client>(*this);
    };
    sender_ = integration_->MakeSender(std::move(parts));
    return *sender_;
  }

  FakeClock clock_{kStart};
  RecordedLog log_;
  std::unique_ptr<Integration> integration_;
  std::unique_ptr<Sender> sender_;
  std::string problems_;
  std::size_t secrets_ = 0;
  std::vector<OutgoingRequest> requests_;
  HttpSettings settings_;
};

}  // namespace tocsin::notify
