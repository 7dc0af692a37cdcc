// A notifier that does what a test says.

#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/notifier_access.h"

namespace tocsin {

/// Keeps what it is given, and shows what is put into it. One thread at a time.
struct FakeNotifier {
  std::vector<notify::Notifier::AlertView> alerts;
  std::vector<notify::Notifier::GroupView> groups;
  std::vector<Alert> posted;
  std::vector<notify::Silence> silences;
  std::optional<Error> refusal;  ///< Of silences, made or ended.
  std::vector<notify::HistoryRecord> records;
  notify::NotifyStore::HistoryQuery asked;
  std::vector<notify::DeadLetter> letters;

  static notify::Notifier::AlertView AlertOf(Labels labels, std::uint64_t fingerprint) {
    Alert alert;
    alert.starts_at = TimePoint(std::chrono::seconds(60));
    alert.ends_at = TimePoint(std::chrono::seconds(300));
    notify::Notifier::AlertView view;
    view.alert.labels = std::move(labels);
    view.alert.alert = std::make_shared<const Alert>(std::move(alert));
    view.alert.updated_at = TimePoint(std::chrono::seconds(61));
    view.fingerprint = fingerprint;
    view.receivers = {"team"};
    return view;
  }

  static notify::Silence SilenceOf(std::string id, std::string_view matchers) {
    notify::Silence silence;
    silence.id = std::move(id);
    silence.matchers = *notify::ParseLabelMatchers(matchers);
    silence.starts_at = TimePoint(std::chrono::seconds(60));
    silence.ends_at = TimePoint(std::chrono::seconds(3600));
    silence.updated_at = silence.starts_at;
    silence.created_by = "ada";
    silence.comment = "maintenance";
    return silence;
  }

  NotifierAccess access() {
    NotifierAccess access;
    access.alerts = [this] { return alerts; };
    access.find_alert = [this](std::uint64_t wanted) {
      const auto found = std::find_if(alerts.begin(), alerts.end(), [&](const auto& alert) {
        return alert.fingerprint == wanted;
      });
      return found == alerts.end() ? std::nullopt : std::optional(*found);
    };
    access.groups = [this] { return groups; };
    access.naming = [] { return notify::AlertNaming(); };
    access.post = [this](std::vector<Alert> given) { posted = std::move(given); };
    access.silences = [this] { return silences; };
    access.find_silence = [this](std::string_view id) { return Find(id); };
    access.set_silence = [this](notify::Silence silence) -> Result<std::string> {
      if (refusal) return *refusal;
      if (!silence.id.empty() && !Find(silence.id)) return NoSuchSilence();
      if (silence.id.empty()) silence.id = "new-id";
      silences.push_back(std::move(silence));
      return silences.back().id;
    };
    access.expire_silence = [this](std::string_view id) -> Status {
      if (refusal) return *refusal;
      if (!Find(id)) return NoSuchSilence();
      std::erase_if(silences, [&](const auto& silence) { return silence.id == id; });
      return {};
    };
    access.history = [this](const notify::NotifyStore::HistoryQuery& query)
        -> Result<std::vector<notify::HistoryRecord>> {
      asked = query;
      return records;
    };
    access.dead_letters = [this](std::size_t) -> Result<std::vector<notify::DeadLetter>> {
      return letters;
    };
    access.receivers = [] { return std::vector<std::string>{"team", "nobody"}; };
    access.configuration = [] { return std::string("route:\n  receiver: team\n"); };
    access.external_url = [] { return std::string("https://tocsin.example.org/t"); };
    return access;
  }

 private:
  static Error NoSuchSilence() { return {ErrorCode::kNotFound, "silence not found"}; }
  std::optional<notify::Silence> Find(std::string_view id) const {
    for (const notify::Silence& silence : silences) {
      if (silence.id == id) return silence;
    }
    return std::nullopt;
  }
};

}  // namespace tocsin
