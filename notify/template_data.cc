#include <algorithm>
#include <utility>

#include "base/template/functions.h"
#include "notify/alert_links.h"
#include "notify/message_templates.h"
#include "notify/received_alert.h"

namespace tocsin::notify {
namespace {

using text_template::Arguments;
using text_template::Functions;
using text_template::Kind;
using text_template::Type;
using text_template::Value;

const Functions* MapMethods();
const Functions* PairsMethods();
const Functions* AlertsMethods();

constexpr Type kStrings = {"[]string"};
constexpr Type kLabelMap = {"template.KV", true, &MapMethods};
constexpr Type kPair = {"template.Pair"};
constexpr Type kPairs = {"template.Pairs", false, &PairsMethods};
constexpr Type kAlert = {"template.Alert"};
constexpr Type kAlerts = {"template.Alerts", false, &AlertsMethods};
constexpr Type kNotification = {"*template.Data"};

/// By name, but the alert's own name first.
Value SortedPairs(const Value& map) {
  Value::List pairs;
  pairs.reserve(map.size());
  const auto add = [&](const Value::Entry& entry) {
    pairs.push_back(
        Value::OfRecord({{"Name", Value(entry.first)}, {"Value", entry.second}}, kPair));
  };
  for (const auto& entry : map.entries()) {
    if (entry.first == "alertname") add(entry);
  }
  for (const auto& entry : map.entries()) {
    if (entry.first != "alertname") add(entry);
  }
  return Value::OfList(std::move(pairs), kPairs);
}

Value FieldOfEach(const Value& pairs, std::string_view field) {
  Value::List values;
  values.reserve(pairs.size());
  for (const Value& pair : pairs.items()) values.push_back(*pair.Find(field));
  return Value::OfList(std::move(values), kStrings);
}

Result<Value> Without(Arguments arguments) {
  Value::Entries left;
  for (const auto& entry : arguments[0].entries()) {
    const auto& names = arguments[1].items();
    const bool is_removed = std::any_of(names.begin(), names.end(), [&](const Value& name) {
      return name.kind() == Kind::kString && name.text() == entry.first;
    });
    if (!is_removed) left.push_back(entry);
  }
  return Value::OfMap(std::move(left), kLabelMap);
}

const Functions* MapMethods() {
  static const Functions kMethods = [] {
    Functions methods;
    methods
        .Add("Names", {{Kind::kMap},
                       false,
                       [](Arguments arguments) -> Result<Value> {
                         return FieldOfEach(SortedPairs(arguments[0]), "Name");
                       }})
        .Add("Remove", {{Kind::kMap, Kind::kList}, false, Without})
        .Add("SortedPairs",
             {{Kind::kMap},
              false,
              [](Arguments arguments) -> Result<Value> { return SortedPairs(arguments[0]); }})
        .Add("Values", {{Kind::kMap}, false, [](Arguments arguments) -> Result<Value> {
                          return FieldOfEach(SortedPairs(arguments[0]), "Value");
                        }});
    return methods;
  }();
  return &kMethods;
}

const Functions* PairsMethods() {
  static const Functions kMethods = [] {
    Functions methods;
    methods
        .Add("Names", {{Kind::kList},
                       false,
                       [](Arguments arguments) -> Result<Value> {
                         return FieldOfEach(arguments[0], "Name");
                       }})
        .Add("Values", {{Kind::kList}, false, [](Arguments arguments) -> Result<Value> {
                          return FieldOfEach(arguments[0], "Value");
                        }});
    return methods;
  }();
  return &kMethods;
}

text_template::Function AlertsThatAre(std::string_view status) {
  return {{Kind::kList}, false, [status](Arguments arguments) -> Result<Value> {
            Value::List alerts;
            for (const Value& alert : arguments[0].items()) {
              if (alert.Find("Status")->text() == status) alerts.push_back(alert);
            }
            return Value::OfList(std::move(alerts), kAlerts);
          }};
}

const Functions* AlertsMethods() {
  static const Functions kMethods = [] {
    Functions methods;
    methods.Add("Firing", AlertsThatAre("firing")).Add("Resolved", AlertsThatAre("resolved"));
    return methods;
  }();
  return &kMethods;
}

Value OfTexts(const Labels& labels, TextEscape escape) {
  Value::Entries entries;
  entries.reserve(labels.size());
  for (const Label& label : labels) {
    entries.emplace_back(label.name.text(), Value(escape(label.value.text())));
  }
  return Value::OfMap(std::move(entries), kLabelMap);
}

Value OfTexts(const Annotations& annotations, TextEscape escape) {
  Value::Entries entries;
  entries.reserve(annotations.size());
  for (const auto& [name, text] : annotations) entries.emplace_back(name, Value(escape(text)));
  return Value::OfMap(std::move(entries), kLabelMap);
}

/// Go's zero time, which an end that is not known is.
TimePoint ZeroTime() {
  return std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
}

Value OfAlert(const NotifiedAlert& alert, const TemplateContext& context,
              const std::string& sparkline) {
  const bool has_end = alert.ends_at != TimePoint();
  return Value::OfRecord({{"Status", Value(alert.resolved ? "resolved" : "firing")},
                          {"Labels", OfTexts(alert.labels, context.escape)},
                          {"Annotations", OfTexts(alert.annotations, context.escape)},
                          {"StartsAt", Value(alert.starts_at)},
                          {"EndsAt", Value(has_end ? alert.ends_at : ZeroTime())},
                          {"GeneratorURL", Value(alert.generator_url)},
                          {"Fingerprint", Value(FingerprintText(alert.fingerprint))},
                          {"Value", alert.value ? Value(*alert.value) : Value()},
                          {"Condition", Value(context.escape(alert.condition))},
                          {"IsNew", Value(alert.is_new)},
                          {"Reason", Value(Name(alert.reason))},
                          {"URL", Value(AlertUrl(context.external_url, alert))},
                          {"SilenceURL", Value(SilenceUrl(context.external_url, alert))},
                          {"RunbookURL", Value(RunbookUrl(alert))},
                          {"Sparkline", Value(sparkline)}},
                         kAlert);
}

}  // namespace

std::string Unescaped(std::string_view text) {
  return std::string(text);
}

Value TemplateData(const TemplateContext& context) {
  const Notification& notification = *context.notification;
  Value::List alerts;
  alerts.reserve(notification.alerts.size());
  for (std::size_t i = 0; i < notification.alerts.size(); ++i) {
    alerts.push_back(OfAlert(notification.alerts[i], context,
                             i < context.sparklines.size() ? context.sparklines[i] : ""));
  }
  return Value::OfRecord(
      {{"Receiver", Value(notification.receiver)},
       {"Status", Value(notification.is_firing() ? "firing" : "resolved")},
       {"Alerts", Value::OfList(std::move(alerts), kAlerts)},
       {"GroupLabels", OfTexts(notification.group_labels, context.escape)},
       {"CommonLabels", OfTexts(CommonLabels(notification), context.escape)},
       {"CommonAnnotations", OfTexts(CommonAnnotations(notification), context.escape)},
       {"ExternalURL", Value(context.external_url)},
       {"GroupKey", Value(notification.group_key)},
       {"NotificationReason", Value(Name(notification.reason))},
       {"DecidedAt", Value(notification.decided_at)}},
      kNotification);
}

}  // namespace tocsin::notify
