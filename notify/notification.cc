#include "notify/notification.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <system_error>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <openssl/rand.h>

#include "base/hex.h"
#include "base/json_writer.h"
#include "base/number.h"

namespace tocsin::notify {
namespace {

namespace json = boost::json;

/// Of the text that ToJson() writes.
constexpr std::int64_t kVersion = 1;

constexpr std::array kReasons = {NotifyReason::kFirst,        NotifyReason::kNewAlerts,
                                 NotifyReason::kSomeResolved, NotifyReason::kAllResolved,
                                 NotifyReason::kRepeat,       NotifyReason::kTest};
constexpr std::array kAlertReasons = {AlertReason::kFiring, AlertReason::kRepeat,
                                      AlertReason::kResolved, AlertReason::kMissing,
                                      AlertReason::kRuleRemoved};

std::int64_t ToMillis(TimePoint time) {
  return time.time_since_epoch().count();
}

void AddLabels(JsonWriter& out, std::string_view name, const Labels& labels) {
  out.Key(name).BeginObject();
  for (const Label& label : labels) out.Key(label.name.text()).String(label.value.text());
  out.EndObject();
}

/// Whatever is as it mostly is takes no place.
void AddText(JsonWriter& out, std::string_view name, std::string_view text) {
  if (!text.empty()) out.Key(name).String(text);
}

void AddAlert(JsonWriter& out, const NotifiedAlert& alert) {
  out.BeginObject();
  AddLabels(out, "labels", alert.labels);
  out.Key("annotations").BeginObject();
  for (const auto& [name, text] : alert.annotations) out.Key(name).String(text);
  out.EndObject();
  out.Key("starts_at").Integer(ToMillis(alert.starts_at));
  out.Key("ends_at").Integer(ToMillis(alert.ends_at));
  out.Key("resolved").Bool(alert.resolved);
  out.Key("reason").String(Name(alert.reason));
  out.Key("is_new").Bool(alert.is_new);
  // As text: JSON has no NaN and no infinity.
  if (alert.value) out.Key("value").String(FormatNumber(*alert.value));
  AddText(out, "generator_url", alert.generator_url);
  AddText(out, "expression", alert.expression);
  AddText(out, "condition", alert.condition);
  // As text: JSON's numbers are exact up to 2^53 only, in many readers.
  out.Key("fingerprint").String(fmt::format("{:016x}", alert.fingerprint));
  out.EndObject();
}

/// Reads the members of an object, and remembers whether all made sense.
class Reader {
 public:
  explicit Reader(const json::value& value) : object_(value.if_object()) {
    ok_ = object_ != nullptr;
  }

  bool ok() const { return ok_; }
  void Fail() { ok_ = false; }

  const json::value* Find(std::string_view name) const {
    return ok_ ? object_->if_contains({name.data(), name.size()}) : nullptr;
  }
  /// A missing text is empty.
  std::string Text(std::string_view name) {
    const json::value* const value = Find(name);
    if (value == nullptr) return {};
    const json::string* const text = value->if_string();
    if (text == nullptr) {
      Fail();
      return {};
    }
    return {text->data(), text->size()};
  }
  std::int64_t Integer(std::string_view name) {
    const json::value* const value = Find(name);
    const std::int64_t* const number = value != nullptr ? value->if_int64() : nullptr;
    if (number == nullptr) Fail();
    return number != nullptr ? *number : 0;
  }
  TimePoint Time(std::string_view name) { return TimePoint(Duration(Integer(name))); }
  bool Bool(std::string_view name) {
    const json::value* const value = Find(name);
    const bool* const truth = value != nullptr ? value->if_bool() : nullptr;
    if (truth == nullptr) Fail();
    return truth != nullptr && *truth;
  }
  /// In the order of the text.
  Annotations Texts(std::string_view name) {
    const json::value* const value = Find(name);
    const json::object* const object = value != nullptr ? value->if_object() : nullptr;
    if (object == nullptr) {
      Fail();
      return {};
    }
    Annotations texts;
    texts.reserve(object->size());
    for (const auto& member : *object) {
      const json::string* const text = member.value().if_string();
      if (text == nullptr) {
        Fail();
        return {};
      }
      texts.emplace_back(std::string(member.key()), std::string(text->data(), text->size()));
    }
    return texts;
  }
  Labels LabelSet(std::string_view name) {
    LabelsBuilder labels;
    for (const auto& [label, value] : Texts(name)) labels.Set(label, value);
    return labels.Build();
  }
  template <class Reason, std::size_t kCount>
  Reason OneOf(std::string_view name, const std::array<Reason, kCount>& reasons) {
    const std::string text = Text(name);
    const auto found = std::find_if(reasons.begin(), reasons.end(),
                                    [&](Reason reason) { return Name(reason) == text; });
    if (found != reasons.end()) return *found;
    Fail();
    return reasons.front();
  }

 private:
  const json::object* object_;
  bool ok_ = true;
};

std::uint64_t ReadFingerprint(Reader& in) {
  const std::string text = in.Text("fingerprint");
  std::uint64_t fingerprint = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, problem] = std::from_chars(text.data(), end, fingerprint, 16);
  if (problem != std::errc{} || parsed != end) in.Fail();
  return fingerprint;
}

std::optional<double> ReadValue(Reader& in) {
  if (in.Find("value") == nullptr) return std::nullopt;
  const std::optional<double> value = ParseNumber(in.Text("value"));
  if (!value) in.Fail();
  return value;
}

std::optional<NotifiedAlert> ReadAlert(const json::value& value) {
  Reader in(value);
  NotifiedAlert alert;
  alert.labels = in.LabelSet("labels");
  alert.annotations = in.Texts("annotations");
  alert.starts_at = in.Time("starts_at");
  alert.ends_at = in.Time("ends_at");
  alert.resolved = in.Bool("resolved");
  alert.reason = in.OneOf("reason", kAlertReasons);
  alert.is_new = in.Bool("is_new");
  alert.value = ReadValue(in);
  alert.generator_url = in.Text("generator_url");
  alert.expression = in.Text("expression");
  alert.condition = in.Text("condition");
  alert.fingerprint = ReadFingerprint(in);
  if (!in.ok()) return std::nullopt;
  return alert;
}

std::vector<NotifiedAlert> ReadAlerts(Reader& in) {
  const json::value* const value = in.Find("alerts");
  const json::array* const array = value != nullptr ? value->if_array() : nullptr;
  if (array == nullptr) {
    in.Fail();
    return {};
  }
  std::vector<NotifiedAlert> alerts;
  alerts.reserve(array->size());
  for (const json::value& item : *array) {
    std::optional<NotifiedAlert> alert = ReadAlert(item);
    if (!alert) {
      in.Fail();
      return {};
    }
    alerts.push_back(std::move(*alert));
  }
  return alerts;
}

}  // namespace

std::string_view Name(NotifyReason reason) {
  switch (reason) {
    case NotifyReason::kFirst: return "first notification";
    case NotifyReason::kNewAlerts: return "new alerts added";
    case NotifyReason::kSomeResolved: return "some alerts resolved";
    case NotifyReason::kAllResolved: return "all alerts resolved";
    case NotifyReason::kRepeat: return "repeat interval elapsed";
    case NotifyReason::kTest: return "test";
  }
  assert(false);
  return {};
}

bool Notification::is_firing() const {
  return std::any_of(alerts.begin(), alerts.end(),
                     [](const NotifiedAlert& alert) { return !alert.resolved; });
}

Labels CommonLabels(const Notification& notification) {
  if (notification.alerts.empty()) return {};
  const Labels& first = notification.alerts.front().labels;
  LabelsBuilder common;
  for (const Label& label : first) {
    const bool is_common = std::all_of(
        notification.alerts.begin(), notification.alerts.end(),
        [&](const NotifiedAlert& alert) { return alert.labels.Get(label.name) == label.value; });
    if (is_common) common.Set(label.name, label.value);
  }
  return common.Build();
}

Annotations CommonAnnotations(const Notification& notification) {
  if (notification.alerts.empty()) return {};
  Annotations common = notification.alerts.front().annotations;
  for (const NotifiedAlert& alert : notification.alerts) {
    std::erase_if(common, [&](const auto& annotation) {
      return std::find(alert.annotations.begin(), alert.annotations.end(), annotation) ==
             alert.annotations.end();
    });
  }
  return common;
}

std::string ToJson(const Notification& notification) {
  std::string text;
  JsonWriter out(text);
  out.BeginObject().Key("version").Integer(kVersion);
  out.Key("event_id").String(notification.event_id);
  out.Key("receiver").String(notification.receiver);
  out.Key("group_key").String(notification.group_key);
  AddLabels(out, "group_labels", notification.group_labels);
  out.Key("reason").String(Name(notification.reason));
  out.Key("decided_at").Integer(ToMillis(notification.decided_at));
  out.Key("alerts").BeginArray();
  for (const NotifiedAlert& alert : notification.alerts) AddAlert(out, alert);
  out.EndArray().EndObject();
  return text;
}

Result<Notification> NotificationFromJson(std::string_view text) {
  boost::system::error_code problem;
  const json::value parsed = json::parse({text.data(), text.size()}, problem);
  if (problem) return Error{ErrorCode::kCorrupt, "notification: " + problem.message()};
  Reader in(parsed);
  if (const std::int64_t version = in.Integer("version"); in.ok() && version != kVersion) {
    return Error{ErrorCode::kCorrupt, fmt::format("notification: unknown version {}", version)};
  }
  Notification notification;
  notification.event_id = in.Text("event_id");
  notification.receiver = in.Text("receiver");
  notification.group_key = in.Text("group_key");
  notification.group_labels = in.LabelSet("group_labels");
  notification.reason = in.OneOf("reason", kReasons);
  notification.decided_at = in.Time("decided_at");
  notification.alerts = ReadAlerts(in);
  if (!in.ok()) return Error{ErrorCode::kCorrupt, "notification: a member is missing or wrong"};
  return notification;
}

std::string RandomUuid() {
  constexpr std::size_t kUuidLength = 36;
  std::array<unsigned char, 16> bytes{};
  // Fails only if the system has no randomness to give, which it does not on Linux.
  const int filled = RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  assert(filled == 1);
  static_cast<void>(filled);
  // Source: RFC 9562, section 5.4.
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0fU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3fU) | 0x80U);
  std::string text;
  text.reserve(kUuidLength);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    AppendHex(text, bytes[i], 2);
  }
  return text;
}

}  // namespace tocsin::notify
