#include "rules/alert_row.h"

#include <array>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "rules/text_object.h"

namespace tocsin {
namespace {

constexpr std::array kStates = {AlertState::kInactive, AlertState::kPending, AlertState::kFiring};
constexpr std::array kReasons = {AlertReason::kFiring, AlertReason::kRepeat, AlertReason::kResolved,
                                 AlertReason::kMissing, AlertReason::kRuleRemoved};

/// The one of `all` that is called `name`.
template <class Enum, std::size_t kCount>
std::optional<Enum> Called(std::string_view name, const std::array<Enum, kCount>& all) {
  for (const Enum value : all) {
    if (Name(value) == name) return value;
  }
  return std::nullopt;
}

void BindTime(SqliteStatement& statement, int number, const std::optional<Millis>& time) {
  if (time) {
    statement.Bind(number, *time);
  } else {
    statement.Bind(number, nullptr);
  }
}

std::optional<Millis> ReadTime(const SqliteStatement& statement, int column) {
  if (statement.IsNull(column)) return std::nullopt;
  return statement.Integer(column);
}

auto Scalars(const ActiveAlert& alert) {
  return std::tie(alert.state, alert.active_at, alert.fired_at, alert.keep_firing_since,
                  alert.resolved_at, alert.last_sent_at, alert.valid_until, alert.reason,
                  alert.missing);
}

}  // namespace

void BindAlert(SqliteStatement& statement, int first, const ActiveAlert& alert) {
  int number = first;
  statement.Bind(number++, ToTextObject(alert.labels));
  statement.Bind(number++, ToTextObject(alert.sample_labels));
  statement.Bind(number++, alert.value);  // SQLite keeps NaN as NULL.
  statement.Bind(number++, Name(alert.state));
  statement.Bind(number++, alert.active_at);
  BindTime(statement, number++, alert.fired_at);
  BindTime(statement, number++, alert.keep_firing_since);
  BindTime(statement, number++, alert.resolved_at);
  BindTime(statement, number++, alert.last_sent_at);
  statement.Bind(number++, alert.valid_until);
  statement.Bind(number++, ToTextObject(alert.annotations));
  statement.Bind(number++, Name(alert.reason));
  statement.Bind(number++, std::int64_t{alert.missing});
}

std::optional<ActiveAlert> ReadAlert(const SqliteStatement& statement, int first) {
  int column = first;
  std::optional<Labels> labels = ParseLabelsObject(statement.Text(column++));
  std::optional<Labels> sample_labels = ParseLabelsObject(statement.Text(column++));
  ActiveAlert alert;
  alert.value = statement.IsNull(column) ? std::numeric_limits<double>::quiet_NaN()
                                         : statement.Number(column);
  ++column;
  const std::optional<AlertState> state = Called(statement.Text(column++), kStates);
  alert.active_at = statement.Integer(column++);
  alert.fired_at = ReadTime(statement, column++);
  alert.keep_firing_since = ReadTime(statement, column++);
  alert.resolved_at = ReadTime(statement, column++);
  alert.last_sent_at = ReadTime(statement, column++);
  alert.valid_until = statement.Integer(column++);
  std::optional<Annotations> annotations = ParseTextObject(statement.Text(column++));
  const std::optional<AlertReason> reason = Called(statement.Text(column++), kReasons);
  alert.missing = static_cast<std::uint32_t>(statement.Integer(column));
  if (!labels || !sample_labels || !state || !annotations || !reason) return std::nullopt;
  alert.labels = std::move(*labels);
  alert.sample_labels = std::move(*sample_labels);
  alert.state = *state;
  alert.annotations = std::move(*annotations);
  alert.reason = *reason;
  return alert;
}

bool IsSameRow(const ActiveAlert& a, const ActiveAlert& b) {
  const bool same_value = a.value == b.value || (std::isnan(a.value) && std::isnan(b.value));
  return same_value && Scalars(a) == Scalars(b) && a.labels == b.labels &&
         a.sample_labels == b.sample_labels && a.annotations == b.annotations;
}

}  // namespace tocsin
