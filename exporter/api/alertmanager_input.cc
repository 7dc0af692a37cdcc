#include "exporter/api/alertmanager_input.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/labels.h"
#include "base/quote.h"
#include "base/rfc3339.h"
#include "base/utf8.h"
#include "notify/label_matcher.h"

namespace tocsin::api {
namespace {

namespace json = boost::json;

Error Wrong(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

Error Expected(std::string_view key, std::string_view what) {
  return Wrong(fmt::format("{}: expected {}", key, what));
}

Result<json::value> Parse(std::string_view body) {
  boost::system::error_code problem;
  json::value value = json::parse(json::string_view(body.data(), body.size()), problem);
  if (problem) return Wrong("the body is not JSON: " + problem.message());
  return value;
}

/// The value at `key`; null if it is not there or is JSON's null.
const json::value* Find(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(json::string_view(key.data(), key.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// The text at `key`; empty if it is not there.
Result<std::string> TextAt(const json::object& object, std::string_view key) {
  const json::value* const value = Find(object, key);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return Expected(key, "a text");
  return std::string(value->get_string().data(), value->get_string().size());
}

Result<bool> BoolAt(const json::object& object, std::string_view key, bool otherwise) {
  const json::value* const value = Find(object, key);
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) return Expected(key, "true or false");
  return value->get_bool();
}

/// Nothing if it is not there, or Go's zero time.
Result<std::optional<TimePoint>> TimeAt(const json::object& object, std::string_view key) {
  const Result<std::string> text = TextAt(object, key);
  if (!text) return text.error();
  if (text->empty()) return std::optional<TimePoint>();
  const std::optional<TimePoint> time = ParseRfc3339(*text);
  if (!time) return Expected(key, "a time such as 2026-01-31T10:05:00Z");
  if (FormatRfc3339(time).starts_with("0001-01-01T00:00:00")) return std::optional<TimePoint>();
  return time;
}

using Texts = std::vector<std::pair<std::string, std::string>>;

/// The names and texts at `key`, in the order of the names.
Result<Texts> TextsAt(const json::object& object, std::string_view key) {
  Texts texts;
  const json::value* const value = Find(object, key);
  if (value == nullptr) return texts;
  if (!value->is_object()) return Expected(key, "names and texts");
  for (const auto& [name, text] : value->get_object()) {
    if (!text.is_string()) return Expected(key, "names and texts");
    texts.emplace_back(std::string(name.data(), name.size()),
                       std::string(text.get_string().data(), text.get_string().size()));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

/// A name that is none.
std::optional<std::string> FindBadName(const Texts& texts) {
  for (const auto& [name, text] : texts) {
    if (!IsUtf8Name(name)) return name;
  }
  return std::nullopt;
}

/// An alert as it was posted, before anybody has asked whether it makes sense.
struct RawAlert {
  Texts labels;
  Alert alert;
  std::optional<TimePoint> starts_at;
  std::optional<TimePoint> ends_at;
};

Result<RawAlert> ReadAlert(const json::value& value) {
  if (!value.is_object()) return Wrong("expected a list of alerts");
  const json::object& object = value.get_object();
  RawAlert raw;
  Result<Texts> labels = TextsAt(object, "labels");
  if (!labels) return labels.error();
  Result<Texts> annotations = TextsAt(object, "annotations");
  if (!annotations) return annotations.error();
  const Result<std::optional<TimePoint>> starts_at = TimeAt(object, "startsAt");
  if (!starts_at) return starts_at.error();
  const Result<std::optional<TimePoint>> ends_at = TimeAt(object, "endsAt");
  if (!ends_at) return ends_at.error();
  Result<std::string> generator_url = TextAt(object, "generatorURL");
  if (!generator_url) return generator_url.error();
  raw.labels = std::move(*labels);
  raw.alert.annotations = std::move(*annotations);
  raw.alert.generator_url = std::move(*generator_url);
  raw.starts_at = *starts_at;
  raw.ends_at = *ends_at;
  return raw;
}

/// The alert, complete. Fails with what is wrong with it.
Result<Alert> Complete(RawAlert raw, TimePoint now) {
  std::erase_if(raw.labels, [](const auto& label) { return label.second.empty(); });
  if (raw.labels.empty()) return Wrong("at least one label pair required");
  if (const auto name = FindBadName(raw.labels)) {
    return Wrong(fmt::format("invalid label set: invalid name {}", Quoted(*name)));
  }
  if (const auto name = FindBadName(raw.alert.annotations)) {
    return Wrong(fmt::format("invalid annotations: invalid name {}", Quoted(*name)));
  }
  LabelsBuilder labels;
  for (const auto& [name, value] : raw.labels) labels.Set(name, value);
  Alert& alert = raw.alert;
  alert.labels = labels.Build();
  alert.starts_at = raw.starts_at.value_or(raw.ends_at.value_or(now));
  alert.ends_at = raw.ends_at.value_or(TimePoint());
  const bool begins_later = !raw.ends_at && alert.starts_at > now;
  if (begins_later || (raw.ends_at && alert.ends_at < alert.starts_at)) {
    return Wrong("start time must be before end time");
  }
  alert.resolved = raw.ends_at && alert.ends_at <= now;
  alert.reason = alert.resolved ? AlertReason::kResolved : AlertReason::kFiring;
  return std::move(alert);
}

Result<notify::LabelMatcher> ReadMatcher(const json::value& value) {
  using Kind = notify::LabelMatcher::Kind;
  if (!value.is_object()) return Expected("matchers", "a list of matchers");
  const json::object& object = value.get_object();
  for (const std::string_view key : {"name", "value", "isRegex"}) {
    if (Find(object, key) == nullptr) return Wrong(fmt::format("matchers.{} is required", key));
  }
  const Result<std::string> name = TextAt(object, "name");
  if (!name) return name.error();
  const Result<std::string> text = TextAt(object, "value");
  if (!text) return text.error();
  const Result<bool> is_regexp = BoolAt(object, "isRegex", false);
  if (!is_regexp) return is_regexp.error();
  const Result<bool> is_equal = BoolAt(object, "isEqual", true);  // Missing before 0.22.
  if (!is_equal) return is_equal.error();
  const Kind kind = *is_regexp ? (*is_equal ? Kind::kRegexp : Kind::kNotRegexp)
                               : (*is_equal ? Kind::kEqual : Kind::kNotEqual);
  return notify::LabelMatcher::Make(*name, kind, *text);
}

Result<notify::LabelMatchers> ReadMatchers(const json::object& object) {
  const json::value* const list = Find(object, "matchers");
  if (list == nullptr || !list->is_array()) return Expected("matchers", "a list of matchers");
  notify::LabelMatchers matchers;
  for (const json::value& item : list->get_array()) {
    Result<notify::LabelMatcher> matcher = ReadMatcher(item);
    if (!matcher) return matcher.error();
    matchers.push_back(std::move(*matcher));
  }
  return matchers;
}

Status ReadTexts(const json::object& object, notify::Silence& silence) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"id", &silence.id}, {"createdBy", &silence.created_by}, {"comment", &silence.comment}};
  for (const auto& [key, text] : texts) {
    Result<std::string> read = TextAt(object, key);
    if (!read) return read.error();
    *text = std::move(*read);
  }
  return {};
}

Status ReadTimes(const json::object& object, notify::Silence& silence) {
  const std::pair<std::string_view, TimePoint*> times[] = {{"startsAt", &silence.starts_at},
                                                           {"endsAt", &silence.ends_at}};
  for (const auto& [key, time] : times) {
    const Result<std::optional<TimePoint>> read = TimeAt(object, key);
    if (!read) return read.error();
    if (!*read) return Wrong(fmt::format("{} is required", key));
    *time = **read;
  }
  return {};
}

}  // namespace

Result<PostedAlerts> ReadPostedAlerts(std::string_view body, TimePoint now) {
  const Result<json::value> root = Parse(body);
  if (!root) return root.error();
  if (!root->is_array()) return Wrong("expected a list of alerts");
  std::vector<RawAlert> raw;
  raw.reserve(root->get_array().size());
  for (const json::value& item : root->get_array()) {
    Result<RawAlert> read = ReadAlert(item);
    if (!read) return read.error();
    raw.push_back(std::move(*read));
  }
  PostedAlerts posted;
  for (RawAlert& one : raw) {
    Result<Alert> alert = Complete(std::move(one), now);
    if (alert) {
      posted.good.push_back(std::move(*alert));
    } else {
      posted.mistakes += (posted.mistakes.empty() ? "" : "; ") + alert.error().message;
    }
  }
  return posted;
}

Result<notify::Silence> ReadPostedSilence(std::string_view body) {
  const Result<json::value> root = Parse(body);
  if (!root) return root.error();
  if (!root->is_object()) return Wrong("expected a silence");
  const json::object& object = root->get_object();
  notify::Silence silence;
  if (const Status texts = ReadTexts(object, silence); !texts) return texts.error();
  if (const Status times = ReadTimes(object, silence); !times) return times.error();
  Result<notify::LabelMatchers> matchers = ReadMatchers(object);
  if (!matchers) return matchers.error();
  silence.matchers = std::move(*matchers);
  return silence;
}

}  // namespace tocsin::api
