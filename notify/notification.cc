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
#include "notify/received_alert.h"

namespace tocsin::notify {
namespace {

namespace json = boost::json;

/// Of the text that ToJson() writes: each alert as what differs from the first one, as ten thousand
/// at once mostly differ in one label; the first one as what differs from an alert that has the
/// group's labels and nothing else. In objects, null says that a member is missing. Version 1,
/// which is still read, had every alert in full.
constexpr std::int64_t kVersion = 2;
constexpr std::int64_t kFullVersion = 1;
/// About what an alert takes, and what surrounds them.
constexpr std::size_t kBytesPerAlert = 192;
constexpr std::size_t kBytesAround = 640;

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

void AddLabelChanges(JsonWriter& out, const Labels& labels, const Labels& base) {
  if (labels == base) return;
  out.Key("labels").BeginObject();
  for (const Label& label : labels) {
    if (base.Get(label.name) == label.value) continue;
    out.Key(label.name.text()).String(label.value.text());
  }
  for (const Label& label : base) {
    if (labels.Get(label.name) == Symbol()) out.Key(label.name.text()).Raw("null");
  }
  out.EndObject();
}

const std::string* FindText(const Annotations& annotations, std::string_view name) {
  const auto found = std::find_if(annotations.begin(), annotations.end(),
                                  [&](const auto& candidate) { return candidate.first == name; });
  return found == annotations.end() ? nullptr : &found->second;
}

void AddAnnotationChanges(JsonWriter& out, const Annotations& annotations,
                          const Annotations& base) {
  if (annotations == base) return;
  out.Key("annotations").BeginObject();
  for (const auto& [name, text] : annotations) {
    const std::string* const known = FindText(base, name);
    if (known == nullptr || *known != text) out.Key(name).String(text);
  }
  for (const auto& [name, text] : base) {
    if (FindText(annotations, name) == nullptr) out.Key(name).Raw("null");
  }
  out.EndObject();
}

void AddTextChange(JsonWriter& out, std::string_view name, std::string_view text,
                   std::string_view base) {
  if (text != base) out.Key(name).String(text);
}

void AddValueChange(JsonWriter& out, std::optional<double> value, std::optional<double> base) {
  if (value == base) return;
  out.Key("value");
  // As text: JSON has no NaN and no infinity.
  value ? out.String(FormatNumber(*value)) : out.Raw("null");
}

void AddAlert(JsonWriter& out, const NotifiedAlert& alert, const NotifiedAlert& base) {
  out.BeginObject();
  AddLabelChanges(out, alert.labels, base.labels);
  AddAnnotationChanges(out, alert.annotations, base.annotations);
  if (alert.starts_at != base.starts_at) out.Key("starts_at").Integer(ToMillis(alert.starts_at));
  if (alert.ends_at != base.ends_at) out.Key("ends_at").Integer(ToMillis(alert.ends_at));
  if (alert.resolved != base.resolved) out.Key("resolved").Bool(alert.resolved);
  if (alert.reason != base.reason) out.Key("reason").String(Name(alert.reason));
  if (alert.is_new != base.is_new) out.Key("is_new").Bool(alert.is_new);
  AddValueChange(out, alert.value, base.value);
  AddTextChange(out, "generator_url", alert.generator_url, base.generator_url);
  AddTextChange(out, "expression", alert.expression, base.expression);
  AddTextChange(out, "condition", alert.condition, base.condition);
  // As text: JSON's numbers are exact up to 2^53 only, in many readers.
  out.Key("fingerprint").String(FingerprintText(alert.fingerprint)).EndObject();
}

/// What the first alert is compared with.
NotifiedAlert Blank(const Labels& group_labels) {
  NotifiedAlert blank;
  blank.labels = group_labels;
  return blank;
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
  /// Calls `take` with each member of an object of texts: its name, and its text or null. Without
  /// the object, with none.
  template <class Take>
  void ForEachText(std::string_view name, const Take& take) {
    const json::value* const value = Find(name);
    if (value == nullptr) return;
    const json::object* const object = value->if_object();
    if (object == nullptr) return Fail();
    for (const auto& member : *object) {
      const json::string* const text = member.value().if_string();
      if (text == nullptr && !member.value().is_null()) return Fail();
      take(std::string_view(member.key().data(), member.key().size()),
           text != nullptr ? std::optional(std::string_view(text->data(), text->size()))
                           : std::nullopt);
    }
  }
  void Change(std::string_view name, Labels& labels) {
    if (Find(name) == nullptr) return;
    LabelsBuilder changed(labels);
    ForEachText(name, [&](std::string_view label, std::optional<std::string_view> value) {
      changed.Set(label, value.value_or(""));
    });
    labels = changed.Build();
  }
  void Change(std::string_view name, Annotations& annotations) {
    ForEachText(name, [&](std::string_view key, std::optional<std::string_view> text) {
      const auto place = std::lower_bound(annotations.begin(), annotations.end(), key,
                                          [](const auto& annotation, std::string_view wanted) {
                                            return annotation.first < wanted;
                                          });
      const bool is_known = place != annotations.end() && place->first == key;
      if (!text) {
        if (is_known) annotations.erase(place);
      } else if (is_known) {
        place->second = *text;
      } else {
        annotations.emplace(place, key, *text);
      }
    });
  }
  void Change(std::string_view name, std::string& text) {
    if (Find(name) != nullptr) text = Text(name);
  }
  void Change(std::string_view name, TimePoint& time) {
    if (Find(name) != nullptr) time = Time(name);
  }
  void Change(std::string_view name, bool& truth) {
    if (Find(name) != nullptr) truth = Bool(name);
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

void ChangeValue(Reader& in, std::optional<double>& value) {
  const json::value* const found = in.Find("value");
  if (found == nullptr) return;
  value.reset();
  if (found->is_null()) return;
  value = ParseNumber(in.Text("value"));
  if (!value) in.Fail();
}

/// Nothing if `value` makes no sense.
std::optional<NotifiedAlert> ReadAlert(const json::value& value, NotifiedAlert alert) {
  Reader in(value);
  in.Change("labels", alert.labels);
  in.Change("annotations", alert.annotations);
  in.Change("starts_at", alert.starts_at);
  in.Change("ends_at", alert.ends_at);
  in.Change("resolved", alert.resolved);
  if (in.Find("reason") != nullptr) alert.reason = in.OneOf("reason", kAlertReasons);
  in.Change("is_new", alert.is_new);
  ChangeValue(in, alert.value);
  in.Change("generator_url", alert.generator_url);
  in.Change("expression", alert.expression);
  in.Change("condition", alert.condition);
  alert.fingerprint = ReadFingerprint(in);
  if (!in.ok()) return std::nullopt;
  return alert;
}

std::vector<NotifiedAlert> ReadAlerts(Reader& in, std::int64_t version,
                                      const Labels& group_labels) {
  const json::value* const value = in.Find("alerts");
  const json::array* const array = value != nullptr ? value->if_array() : nullptr;
  if (array == nullptr) {
    in.Fail();
    return {};
  }
  const NotifiedAlert blank = version == kFullVersion ? NotifiedAlert{} : Blank(group_labels);
  std::vector<NotifiedAlert> alerts;
  alerts.reserve(array->size());
  for (const json::value& item : *array) {
    const bool is_in_full = alerts.empty() || version == kFullVersion;
    std::optional<NotifiedAlert> alert = ReadAlert(item, is_in_full ? blank : alerts.front());
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
  if (notification.alerts.size() == 1) return first;
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
  if (common.empty()) return common;
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
  text.reserve(kBytesAround + notification.alerts.size() * kBytesPerAlert);
  JsonWriter out(text);
  out.BeginObject().Key("version").Integer(kVersion);
  out.Key("event_id").String(notification.event_id);
  out.Key("receiver").String(notification.receiver);
  out.Key("group_key").String(notification.group_key);
  AddLabels(out, "group_labels", notification.group_labels);
  out.Key("reason").String(Name(notification.reason));
  out.Key("decided_at").Integer(ToMillis(notification.decided_at));
  out.Key("alerts").BeginArray();
  const NotifiedAlert blank = Blank(notification.group_labels);
  const NotifiedAlert* base = &blank;
  for (const NotifiedAlert& alert : notification.alerts) {
    AddAlert(out, alert, *base);
    base = &notification.alerts.front();
  }
  out.EndArray().EndObject();
  return text;
}

Result<Notification> NotificationFromJson(std::string_view text) {
  boost::system::error_code problem;
  const json::value parsed = json::parse({text.data(), text.size()}, problem);
  if (problem) return Error{ErrorCode::kCorrupt, "notification: " + problem.message()};
  Reader in(parsed);
  const std::int64_t version = in.Integer("version");
  if (in.ok() && version != kVersion && version != kFullVersion) {
    return Error{ErrorCode::kCorrupt, fmt::format("notification: unknown version {}", version)};
  }
  Notification notification;
  notification.event_id = in.Text("event_id");
  notification.receiver = in.Text("receiver");
  notification.group_key = in.Text("group_key");
  in.Change("group_labels", notification.group_labels);
  notification.reason = in.OneOf("reason", kReasons);
  notification.decided_at = in.Time("decided_at");
  notification.alerts = ReadAlerts(in, version, notification.group_labels);
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
