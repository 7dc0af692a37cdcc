#include "notify/notify_history.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::notify {
namespace {

TimePoint ToTime(std::int64_t millis) {
  return TimePoint(Duration(millis));
}

std::int64_t ToMillis(TimePoint time) {
  return time.time_since_epoch().count();
}

template <class Enum, std::size_t kCount>
std::optional<Enum> Called(std::string_view name, const std::array<Enum, kCount>& all) {
  const auto* const found =
      std::find_if(all.begin(), all.end(), [&](Enum candidate) { return Name(candidate) == name; });
  if (found == all.end()) return std::nullopt;
  return *found;
}

std::optional<HistoryRecord> ReadRecord(const SqliteStatement& row) {
  using State = HistoryRecord::State;
  constexpr std::array kStates = {State::kDelivered, State::kRetried, State::kGivenUp,
                                  State::kSuperseded};
  constexpr std::array kReasons = {NotifyReason::kFirst,        NotifyReason::kNewAlerts,
                                   NotifyReason::kSomeResolved, NotifyReason::kAllResolved,
                                   NotifyReason::kRepeat,       NotifyReason::kTest};
  const std::optional<NotifyReason> reason = Called(row.Text(7), kReasons);
  const std::optional<State> state = Called(row.Text(9), kStates);
  if (!reason || !state) return std::nullopt;
  HistoryRecord record;
  record.id = row.Integer(0);
  record.at = ToTime(row.Integer(1));
  record.destination = {row.Text(2), row.Text(3)};
  record.event_id = row.Text(4);
  record.group_key = row.Text(5);
  record.key = row.IsNull(6) ? record.group_key : row.Text(6);
  record.reason = *reason;
  record.firing = row.Integer(8) != 0;
  record.state = *state;
  record.answer = row.Text(10);
  record.attempt = static_cast<int>(row.Integer(11));
  if (!row.IsNull(12)) record.alerts = {static_cast<std::uint64_t>(row.Integer(12))};
  record.first = row.IsNull(13) ? record.id : row.Integer(13);
  return record;
}

Result<SqliteStatement> SelectRecords(SqliteDatabase& database,
                                      const NotifyStore::HistoryQuery& query, std::int64_t below) {
  Result<SqliteStatement> records = database.Prepare(HistoryStatement(query));
  if (!records) return records.error();
  records->Bind(1, below);
  if (query.start) records->Bind(2, ToMillis(*query.start));
  if (query.end) records->Bind(3, ToMillis(*query.end));
  if (!query.receiver.empty()) records->Bind(4, query.receiver);
  if (query.alert) records->Bind(5, static_cast<std::int64_t>(*query.alert));
  records->Bind(6, static_cast<std::int64_t>(query.limit));
  return records;
}

Result<std::vector<std::uint64_t>> ReadAlerts(SqliteStatement& select, std::int64_t event) {
  select.Reset();
  select.Bind(1, event);
  std::vector<std::uint64_t> alerts;
  for (;;) {
    const Result<bool> row = select.Step();
    if (!row) return row.error();
    if (!*row) break;
    alerts.push_back(static_cast<std::uint64_t>(select.Integer(0)));
  }
  std::sort(alerts.begin(), alerts.end());
  return alerts;
}

}  // namespace

bool Matches(const NotifyStore::HistoryQuery& query, const HistoryRecord& record) {
  if (query.start && record.at < *query.start) return false;
  if (query.end && record.at > *query.end) return false;
  if (!query.receiver.empty() && record.destination.receiver != query.receiver) return false;
  return !query.alert ||
         std::find(record.alerts.begin(), record.alerts.end(), *query.alert) != record.alerts.end();
}

std::string HistoryStatement(const NotifyStore::HistoryQuery& query) {
  std::string text =
      "SELECT id, at, receiver, entry, event_id, group_key, key, reason, firing, state, answer, "
      "attempt, alert, event FROM history WHERE id < ?1";
  if (query.start) text += " AND at >= ?2";
  if (query.end) text += " AND at <= ?3";
  if (!query.receiver.empty()) text += " AND receiver = ?4";
  if (query.alert) {
    text +=
        " AND id IN (SELECT id FROM history WHERE alert = ?5 UNION ALL SELECT history.id FROM "
        "history_alerts CROSS JOIN history USING (event) WHERE history_alerts.alert = ?5)";
  }
  return text + " ORDER BY id DESC LIMIT ?6";
}

Result<std::vector<HistoryRecord>> ReadHistory(SqliteDatabase& database,
                                               const NotifyStore::HistoryQuery& query,
                                               std::int64_t below) {
  Result<SqliteStatement> rows = SelectRecords(database, query, below);
  if (!rows) return rows.error();
  Result<SqliteStatement> select =
      database.Prepare("SELECT alert FROM history_alerts WHERE event = ?1");
  if (!select) return select.error();
  std::vector<HistoryRecord> records;
  for (;;) {
    const Result<bool> row = rows->Step();
    if (!row) return row.error();
    if (!*row) return records;
    std::optional<HistoryRecord> record = ReadRecord(*rows);
    if (!record) continue;
    if (record->alerts.empty()) {
      Result<std::vector<std::uint64_t>> alerts = ReadAlerts(*select, record->first);
      if (!alerts) return alerts.error();
      record->alerts = std::move(*alerts);
    }
    records.push_back(std::move(*record));
  }
}

Result<std::vector<DeadLetter>> ReadDeadLetters(SqliteDatabase& database, std::size_t limit,
                                                std::int64_t below) {
  Result<SqliteStatement> rows = database.Prepare(
      "SELECT id, at, receiver, entry, answer, notification FROM dead_letters WHERE id < ?1 "
      "ORDER BY id DESC LIMIT ?2");
  if (!rows) return rows.error();
  rows->Bind(1, below);
  rows->Bind(2, static_cast<std::int64_t>(limit));
  std::vector<DeadLetter> letters;
  for (;;) {
    const Result<bool> row = rows->Step();
    if (!row) return row.error();
    if (!*row) return letters;
    Result<Notification> notification = NotificationFromJson(rows->Text(5));
    if (!notification) continue;
    DeadLetter letter;
    letter.id = rows->Integer(0);
    letter.at = ToTime(rows->Integer(1));
    letter.destination = {rows->Text(2), rows->Text(3)};
    letter.answer = rows->Text(4);
    letter.notification = std::move(*notification);
    letters.push_back(std::move(letter));
  }
}

}  // namespace tocsin::notify
