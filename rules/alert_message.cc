#include "rules/alert_message.h"

#include <utility>

#include "base/template/builtins.h"
#include "rules/promql/condition.h"

namespace tocsin {
namespace {

TimePoint ToTimePoint(Millis t) {
  return TimePoint(Duration(t));
}

}  // namespace

std::string GeneratorUrl(std::string_view external_url, std::string_view expression) {
  return std::string(external_url) + "/graph?g0.expr=" + text_template::QueryEscaped(expression) +
         "&g0.tab=1";
}

bool IsRepeat(const ActiveAlert& alert) {
  if (!alert.last_sent_at) return false;
  return !alert.resolved_at || *alert.resolved_at <= *alert.last_sent_at;
}

AlertRule DescribeRule(std::string group, std::string expression, const promql::Query* parsed) {
  AlertRule rule;
  rule.group = std::move(group);
  rule.expression = std::move(expression);
  if (parsed != nullptr) rule.condition = promql::ConditionOf(*parsed->root);
  return rule;
}

Alert ToMessage(const ActiveAlert& alert, const std::string& generator_url,
                std::shared_ptr<const AlertRule> rule) {
  Alert message;
  message.labels = alert.labels;
  message.annotations = alert.annotations;
  message.starts_at = ToTimePoint(alert.fired_at.value_or(alert.active_at));
  message.ends_at = ToTimePoint(alert.resolved_at.value_or(alert.valid_until));
  message.resolved = alert.resolved_at.has_value();
  message.reason = alert.reason;
  message.value = alert.value;
  message.generator_url = generator_url;
  message.rule = std::move(rule);
  return message;
}

}  // namespace tocsin
