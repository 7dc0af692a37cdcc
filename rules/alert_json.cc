#include "rules/alert_json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/number.h"
#include "rules/text_object.h"

namespace tocsin {
namespace {

namespace json = boost::json;

constexpr std::array kStates = {AlertState::kInactive, AlertState::kPending, AlertState::kFiring};
constexpr std::array kReasons = {AlertReason::kFiring, AlertReason::kRepeat, AlertReason::kResolved,
                                 AlertReason::kMissing, AlertReason::kRuleRemoved};
constexpr std::array kKinds = {AlertEvent::Kind::kPending, AlertEvent::Kind::kFiring,
                               AlertEvent::Kind::kResolved, AlertEvent::Kind::kDropped};

void AppendInteger(std::string& out, std::string_view name, std::int64_t value) {
  std::array<char, 24> digits{};
  out += name;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void AppendTime(std::string& out, std::string_view name, const std::optional<Millis>& time) {
  if (time) AppendInteger(out, name, *time);
}

/// All but the opening brace. Most of the sample's labels are the alert's, and so only what differs
/// is written. A value is a text, because JSON has no infinity, and not everybody
/// reads the last digit of a number.
void AppendMembers(std::string& out, const ActiveAlert& alert) {
  out += R"("labels":)";
  AppendTextObject(out, alert.labels);
  if (alert.sample_labels != alert.labels) {
    out += R"(,"sample":)";
    AppendTextPatch(out, alert.labels, alert.sample_labels);
  }
  if (!std::isnan(alert.value)) {
    out += R"(,"value":")";
    AppendNumber(out, alert.value);
    out += '"';
  }
  out += R"(,"state":")";
  out += Name(alert.state);
  AppendInteger(out, R"(","active":)", alert.active_at);
  AppendTime(out, R"(,"fired":)", alert.fired_at);
  AppendTime(out, R"(,"keep":)", alert.keep_firing_since);
  AppendTime(out, R"(,"resolved":)", alert.resolved_at);
  AppendTime(out, R"(,"sent":)", alert.last_sent_at);
  AppendInteger(out, R"(,"until":)", alert.valid_until);
  if (!alert.annotations.empty()) {
    out += R"(,"annotations":)";
    AppendTextObject(out, alert.annotations);
  }
  out += R"(,"reason":")";
  out += Name(alert.reason);
  out += '"';
  if (alert.missing != 0) AppendInteger(out, R"(,"missing":)", alert.missing);
  out += '}';
}

std::string_view View(const json::string& text) {
  return {text.data(), text.size()};
}

/// Reads members of one object; what makes no sense is remembered.
class Reader {
 public:
  explicit Reader(const json::value& value) : object_(value.if_object()) {
    if (object_ == nullptr) makes_sense_ = false;
  }

  bool makes_sense() const { return makes_sense_; }

  /// `base` as a merge patch changes it. An empty text is no label, as null is.
  Labels LabelsIn(std::string_view name, const Labels& base) {
    LabelsBuilder labels(base);
    ForEachMember(name, [&](std::string_view label, const json::value& value) {
      const json::string* const text = value.if_string();
      if (text == nullptr && !value.is_null()) return false;
      labels.Set(label, text != nullptr ? View(*text) : std::string_view());
      return true;
    });
    return labels.Build();
  }

  Annotations AnnotationsIn(std::string_view name) {
    Annotations annotations;
    ForEachMember(name, [&](std::string_view label, const json::value& value) {
      const json::string* const text = value.if_string();
      if (text != nullptr) annotations.emplace_back(label, View(*text));
      return text != nullptr;
    });
    return annotations;
  }

  double NumberIn(std::string_view name) {
    const json::value* const found = Find(name);
    if (found == nullptr) return std::numeric_limits<double>::quiet_NaN();
    const json::string* const text = found->if_string();
    return Sense(text != nullptr ? ParseNumber(View(*text)) : std::nullopt);
  }

  std::optional<Millis> TimeIn(std::string_view name) {
    const json::value* const found = Find(name);
    if (found == nullptr) return std::nullopt;
    const std::int64_t* const time = found->if_int64();
    return Sense(time != nullptr ? std::optional(*time) : std::nullopt);
  }

  Millis NeededTimeIn(std::string_view name) { return Sense(TimeIn(name)); }

  std::uint32_t CountIn(std::string_view name) {
    const std::int64_t count = TimeIn(name).value_or(0);
    const bool fits = count >= 0 && count <= std::numeric_limits<std::uint32_t>::max();
    return Sense(fits ? std::optional(static_cast<std::uint32_t>(count)) : std::nullopt);
  }

  /// The one of `all` that is called so.
  template <class Enum, std::size_t kCount>
  Enum NamedIn(std::string_view name, const std::array<Enum, kCount>& all) {
    const json::value* const found = Find(name);
    const json::string* const text = found != nullptr ? found->if_string() : nullptr;
    for (const Enum value : all) {
      if (text != nullptr && Name(value) == View(*text)) return value;
    }
    makes_sense_ = false;
    return all.front();
  }

 private:
  const json::value* Find(std::string_view name) const {
    return object_ != nullptr ? object_->if_contains({name.data(), name.size()}) : nullptr;
  }

  template <class T>
  T Sense(const std::optional<T>& value) {
    if (!value) makes_sense_ = false;
    return value.value_or(T());
  }

  /// `visit` says whether a member makes sense.
  template <class Visit>
  void ForEachMember(std::string_view name, const Visit& visit) {
    const json::value* const found = Find(name);
    if (found == nullptr) return;  // Left out, because there are none.
    const json::object* const members = found->if_object();
    if (members == nullptr) {
      makes_sense_ = false;
      return;
    }
    for (const json::key_value_pair& member : *members) {
      const std::string_view key(member.key().data(), member.key().size());
      if (!visit(key, member.value())) makes_sense_ = false;
    }
  }

  const json::object* object_;
  bool makes_sense_ = true;
};

auto Scalars(const ActiveAlert& alert) {
  return std::tie(alert.state, alert.active_at, alert.fired_at, alert.keep_firing_since,
                  alert.resolved_at, alert.last_sent_at, alert.valid_until, alert.reason,
                  alert.missing);
}

}  // namespace

void AppendAlert(std::string& out, const ActiveAlert& alert) {
  out += '{';
  AppendMembers(out, alert);
}

void AppendEvent(std::string& out, AlertEvent::Kind kind, const ActiveAlert& alert) {
  out += R"({"kind":")";
  out += Name(kind);
  out += R"(",)";
  AppendMembers(out, alert);
}

std::optional<AlertArray> AlertArray::Parse(std::string_view text) {
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  boost::system::error_code problem;
  json::value parsed = json::parse({text.data(), text.size()}, problem,
                                   json::make_shared_resource<json::monotonic_resource>(), options);
  json::array* const elements = problem ? nullptr : parsed.if_array();
  if (elements == nullptr) return std::nullopt;
  return AlertArray(std::move(*elements));
}

std::optional<ActiveAlert> AlertArray::AlertAt(std::size_t index) const {
  Reader reader(elements_[index]);
  ActiveAlert alert;
  alert.labels = reader.LabelsIn("labels", {});
  alert.sample_labels = reader.LabelsIn("sample", alert.labels);
  alert.value = reader.NumberIn("value");
  alert.state = reader.NamedIn("state", kStates);
  alert.active_at = reader.NeededTimeIn("active");
  alert.fired_at = reader.TimeIn("fired");
  alert.keep_firing_since = reader.TimeIn("keep");
  alert.resolved_at = reader.TimeIn("resolved");
  alert.last_sent_at = reader.TimeIn("sent");
  alert.valid_until = reader.NeededTimeIn("until");
  alert.annotations = reader.AnnotationsIn("annotations");
  alert.reason = reader.NamedIn("reason", kReasons);
  alert.missing = reader.CountIn("missing");
  if (!reader.makes_sense()) return std::nullopt;
  return alert;
}

std::optional<AlertEvent::Kind> AlertArray::KindAt(std::size_t index) const {
  Reader reader(elements_[index]);
  const AlertEvent::Kind kind = reader.NamedIn("kind", kKinds);
  if (!reader.makes_sense()) return std::nullopt;
  return kind;
}

bool IsSame(const ActiveAlert& a, const ActiveAlert& b) {
  const bool same_value = a.value == b.value || (std::isnan(a.value) && std::isnan(b.value));
  return same_value && Scalars(a) == Scalars(b) && a.labels == b.labels &&
         a.sample_labels == b.sample_labels && a.annotations == b.annotations;
}

}  // namespace tocsin
