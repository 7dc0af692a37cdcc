#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>

#include "collectors/dagster/parts.h"
#include "collectors/dagster/tick.h"
#include "collectors/dagster/watermark.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kTicks = {
    "dagster_job_ticks_total",
    MetricType::kCounter,
    "Evaluations of schedules, sensors and automation that ended since tocsin first saw this "
    "Dagster, by "
    "outcome; \"lost\" when one had not ended after an hour, or vanished.",
    {"tick_type", "status"}};
constexpr MetricDesc kRecentTicks = {
    "dagster_recent_job_ticks",
    MetricType::kGauge,
    "Evaluations of the last hour that are still in the database, among the last 40000 of all.",
    {"tick_type", "status"}};
constexpr MetricDesc kWindowSpan = {
    "dagster_id_window_span_seconds",
    MetricType::kGauge,
    "Age of the oldest row among those that a metric of recent rows may look at. Shorter than the "
    "metric's period: it misses some.",
    {"relation"}};

constexpr std::array kMetrics = {kTicks, kRecentTicks, kWindowSpan};

constexpr std::array<std::string_view, 3> kOutcomes = {"SUCCESS", "FAILURE", "SKIPPED"};
constexpr std::string_view kStarted = "STARTED";
constexpr std::string_view kLost = "lost";

// All by primary key: no index leads to the ticks of a period, or of a status.
constexpr Statement kNewest = {Store::kSchedules, "SELECT max(id) FROM job_ticks"};
constexpr Statement kPage = {
    Store::kSchedules,
    "SELECT id, type, status FROM job_ticks WHERE id > $1 ORDER BY id LIMIT 5000"};
constexpr Statement kRecent = {
    Store::kSchedules,
    "SELECT type, status, count(*) FROM (SELECT type, status, \"timestamp\" AS at FROM job_ticks "
    "WHERE id > $1 ORDER BY id LIMIT 40000) AS newest WHERE at > $2 GROUP BY type, status"};
constexpr Statement kOldestOfWindow = {
    Store::kSchedules,
    "SELECT \"timestamp\", {now} FROM job_ticks WHERE id > $1 ORDER BY id LIMIT 1"};

constexpr std::size_t kPageRows = 5000;
constexpr int kMostPages = 5;
constexpr std::size_t kMostPending = 5000;
constexpr std::int64_t kWindow = 40'000;
constexpr std::chrono::minutes kRecentEvery{1};
constexpr std::chrono::hours kGiveUpAfter{1};

using TickKind = std::pair<std::string, std::string>;  // Type, status.

class Ticks final : public Part {
 public:
  Status Read(Session& session) override;
  void Publish(Points& points) const override;
  bool HasTotals() const override { return true; }
  void Save(boost::json::object& state) const override;
  void Restore(const boost::json::value& saved) override;

 private:
  struct Pending {
    std::string type;
    Moment seen_at{};
  };

  Result<std::size_t> ReadPage(Session& session);
  Status ReadPending(Session& session);
  Status ReadRecent(Session& session, std::int64_t newest);
  void Note(std::int64_t id, std::string_view type, std::string_view status, Moment now);

  IdWatermark watermark_;
  std::map<TickKind, std::uint64_t> totals_;
  std::map<std::int64_t, Pending> pending_;  // By id: those that were seen before their end.
  std::map<TickKind, double> recent_;
  std::optional<double> window_span_;  // In seconds, when recent_ was read.
  std::optional<Moment> recent_read_at_;
};

Status Ticks::Read(Session& session) {
  const Result<SqlRows> rows = session.Query(kNewest);
  if (!rows) return rows.error();
  const std::int64_t newest = rows->empty() ? 0 : rows->Integer(0, 0).value_or(0);
  if (watermark_.has_begun()) {
    watermark_.Check(newest);
  } else {
    watermark_.Begin(newest);
  }
  if (Status pending = ReadPending(session); !pending) return pending;
  for (int page = 0; page < kMostPages; ++page) {
    const Result<std::size_t> read = ReadPage(session);
    if (!read) return read.error();
    if (*read < kPageRows) break;
  }
  if (recent_read_at_ && session.clock().Now() - *recent_read_at_ < kRecentEvery) return {};
  return ReadRecent(session, newest);
}

Result<std::size_t> Ticks::ReadPage(Session& session) {
  const Result<SqlRows> rows = session.Query(kPage, {watermark_.next()});
  if (!rows) return rows.error();
  std::optional<std::int64_t> last;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const std::optional<std::int64_t> id = rows->Integer(row, 0);
    if (!id) continue;
    last = id;
    if (!watermark_.Admit(*id)) continue;
    Note(*id, rows->Text(row, 1), rows->Text(row, 2), session.clock().Now());
  }
  watermark_.EndPage(last, rows->size() == kPageRows);
  return rows->size();
}

void Ticks::Note(std::int64_t id, std::string_view type, std::string_view status, Moment now) {
  if (status != kStarted) {
    ++totals_[{std::string(type), std::string(status)}];
  } else if (pending_.size() < kMostPending) {
    pending_.emplace(id, Pending{std::string(type), now});
  } else {
    ++totals_[{std::string(type), std::string(kLost)}];
  }
}

/// Looks again at the ticks that had not ended. One that is gone, or hangs for an hour, is lost.
Status Ticks::ReadPending(Session& session) {
  std::vector<std::int64_t> ids;
  ids.reserve(pending_.size());
  for (const auto& [id, pending] : pending_) ids.push_back(id);
  const auto ticks = ReadTicks(session, ids);
  if (!ticks) return ticks.error();
  std::erase_if(pending_, [&](const auto& entry) {
    const auto& [id, pending] = entry;
    const auto found = ticks->find(id);
    const bool is_there = found != ticks->end();
    const bool has_ended = is_there && found->second.status != kStarted;
    const Microseconds waited = session.clock().Now() - pending.seen_at;
    if (is_there && !has_ended && waited < kGiveUpAfter) return false;
    ++totals_[{pending.type, has_ended ? found->second.status : std::string(kLost)}];
    return true;
  });
  return {};
}

Status Ticks::ReadRecent(Session& session, std::int64_t newest) {
  const std::int64_t from = newest - kWindow;
  const Result<SqlRows> rows =
      session.Query(kRecent, {from, session.Naive(session.clock().Now() - std::chrono::hours(1))});
  if (!rows) return rows.error();
  const Result<SqlRows> oldest = session.Query(kOldestOfWindow, {from});
  if (!oldest) return oldest.error();

  recent_.clear();
  for (const std::string_view type : kTickTypes) {
    for (const std::string_view outcome : kOutcomes) {
      recent_[{std::string(type), std::string(outcome)}] = 0;
    }
  }
  for (std::size_t row = 0; row < rows->size(); ++row) {
    recent_[{std::string(rows->Text(row, 0)), std::string(rows->Text(row, 1))}] =
        rows->Number(row, 2).value_or(0);
  }
  window_span_.reset();
  if (!oldest->empty()) window_span_ = AgeAt(*oldest, 0, 1, session.NaiveAt(*oldest, 0, 0));
  recent_read_at_ = session.clock().Now();
  return {};
}

void Ticks::Publish(Points& points) const {
  std::map<TickKind, std::uint64_t> totals = totals_;
  for (const std::string_view type : kTickTypes) {
    for (const std::string_view outcome : kOutcomes) {
      totals.try_emplace({std::string(type), std::string(outcome)}, 0);
    }
    totals.try_emplace({std::string(type), std::string(kLost)}, 0);
  }
  for (const auto& [kind, count] : totals) {
    points.Add(kTicks, {kind.first, kind.second}, static_cast<double>(count));
  }
  for (const auto& [kind, count] : recent_) {
    points.Add(kRecentTicks, {kind.first, kind.second}, count);
  }
  if (window_span_) points.Add(kWindowSpan, {"job_ticks"}, *window_span_);
}

void Ticks::Save(boost::json::object& state) const {
  boost::json::array totals;
  for (const auto& [kind, count] : totals_) {
    totals.push_back({{"type", kind.first}, {"status", kind.second}, {"count", count}});
  }
  boost::json::array pending;
  for (const auto& [id, tick] : pending_) {
    pending.push_back(
        {{"id", id}, {"type", tick.type}, {"seen_at", tick.seen_at.time_since_epoch().count()}});
  }
  state["watermark"] = watermark_.Save();
  state["totals"] = std::move(totals);
  state["pending"] = std::move(pending);
}

void Ticks::Restore(const boost::json::value& saved) {
  watermark_.Restore(MemberIn(saved, "watermark"));
  for (const boost::json::value& total : ArrayIn(saved, "totals")) {
    totals_[{TextIn(total, "type"), TextIn(total, "status")}] = CountIn(total, "count");
  }
  for (const boost::json::value& tick : ArrayIn(saved, "pending")) {
    const std::optional<std::int64_t> id = IntegerIn(tick, "id");
    const std::optional<std::int64_t> seen_at = IntegerIn(tick, "seen_at");
    if (!id || !seen_at) continue;
    pending_[*id] = {TextIn(tick, "type"), Moment(Microseconds(*seen_at))};
  }
}

std::unique_ptr<Part> Make(const Settings& /*settings*/) {
  return std::make_unique<Ticks>();
}

}  // namespace

PartKind TicksPart() {
  return {"ticks", Store::kSchedules, kMetrics, Make, true};
}

}  // namespace tocsin::collectors::dagster
