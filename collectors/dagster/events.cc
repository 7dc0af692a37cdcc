#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/dagster/parts.h"
#include "collectors/dagster/watermark.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kStepFailures = {"dagster_step_failures_total", MetricType::kCounter,
                                      "Steps that failed since tocsin first saw this Dagster."};
constexpr MetricDesc kStepRetries = {
    "dagster_step_retries_total", MetricType::kCounter,
    "Steps that failed and were to be tried again, since tocsin first saw this Dagster."};

constexpr std::array kStepMetrics = {kStepFailures, kStepRetries};

constexpr MetricDesc kMaterializations = {
    "dagster_asset_materializations_total", MetricType::kCounter,
    "Materializations of assets since tocsin first saw this Dagster."};
// Refused by promtool: the suffix is that of a histogram's counter.
constexpr MetricDesc kMaterializationsOfRun = {
    "dagster_asset_materialization_count",
    MetricType::kGauge,
    "Materializations that the run made which materialized last.",
    {},
    {},
    Exported::kForCompatibility};

constexpr std::array kMaterializationMetrics = {kMaterializations, kMaterializationsOfRun};

constexpr Statement kNewest = {Store::kEvents, "SELECT max(id) FROM event_logs"};
// Served by idx_event_type. There is no index on the moment of an event.
constexpr Statement kPage = {
    Store::kEvents,
    "SELECT id, run_id FROM event_logs WHERE dagster_event_type = $1 AND id > $2 "
    "ORDER BY dagster_event_type, id LIMIT 5000"};

constexpr std::size_t kPageRows = 5000;
constexpr int kMostPages = 5;

/// Counts the events of one type.
class EventCounter {
 public:
  explicit EventCounter(std::string_view type) : type_(type) {}

  /// `newest` is the largest id of all events.
  Status Read(Session& session, std::int64_t newest);

  std::uint64_t total() const { return total_; }
  /// How many of them the run had that had the last one.
  std::uint64_t total_of_last_run() const { return total_of_last_run_; }

  void Save(boost::json::object& state) const;
  void Restore(const boost::json::value& saved);

 private:
  Result<std::size_t> ReadPage(Session& session);

  const std::string_view type_;
  IdWatermark watermark_;
  std::uint64_t total_ = 0;
  std::string last_run_;
  std::uint64_t total_of_last_run_ = 0;
};

Result<std::int64_t> ReadNewest(Session& session) {
  const Result<SqlRows> rows = session.Query(kNewest);
  if (!rows) return rows.error();
  return rows->empty() ? 0 : rows->Integer(0, 0).value_or(0);
}

Status EventCounter::Read(Session& session, std::int64_t newest) {
  if (watermark_.has_begun()) {
    watermark_.Check(newest);
  } else {
    watermark_.Begin(newest);
  }
  for (int page = 0; page < kMostPages; ++page) {
    const Result<std::size_t> read = ReadPage(session);
    if (!read) return read.error();
    if (*read < kPageRows) break;
  }
  return {};
}

Result<std::size_t> EventCounter::ReadPage(Session& session) {
  const Result<SqlRows> rows = session.Query(kPage, {std::string(type_), watermark_.next()});
  if (!rows) return rows.error();
  std::optional<std::int64_t> last;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const std::optional<std::int64_t> id = rows->Integer(row, 0);
    if (!id) continue;
    last = id;
    if (!watermark_.Admit(*id)) continue;
    ++total_;
    if (rows->Text(row, 1) != last_run_) {
      last_run_ = rows->Text(row, 1);
      total_of_last_run_ = 0;
    }
    ++total_of_last_run_;
  }
  watermark_.EndPage(last, rows->size() == kPageRows);
  return rows->size();
}

void EventCounter::Save(boost::json::object& state) const {
  state[type_] = {{"watermark", watermark_.Save()},
                  {"total", total_},
                  {"last_run", last_run_},
                  {"total_of_last_run", total_of_last_run_}};
}

void EventCounter::Restore(const boost::json::value& saved) {
  const boost::json::value& own = MemberIn(saved, type_);
  watermark_.Restore(MemberIn(own, "watermark"));
  total_ = CountIn(own, "total");
  last_run_ = TextIn(own, "last_run");
  total_of_last_run_ = CountIn(own, "total_of_last_run");
}

class Steps final : public Part {
 public:
  /// In SQLite the events of steps are not here: each run has a file of its own for them.
  bool CanRead(Dialect dialect) const override { return dialect == Dialect::kPostgres; }

  Status Read(Session& session) override {
    const Result<std::int64_t> newest = ReadNewest(session);
    if (!newest) return newest.error();
    if (Status read = failures_.Read(session, *newest); !read) return read;
    return retries_.Read(session, *newest);
  }

  void Publish(Points& points) const override {
    points.Add(kStepFailures, {}, static_cast<double>(failures_.total()));
    points.Add(kStepRetries, {}, static_cast<double>(retries_.total()));
  }

  bool HasTotals() const override { return true; }
  void Save(boost::json::object& state) const override {
    failures_.Save(state);
    retries_.Save(state);
  }

  void Restore(const boost::json::value& saved) override {
    failures_.Restore(saved);
    retries_.Restore(saved);
  }

 private:
  EventCounter failures_{"STEP_FAILURE"};
  EventCounter retries_{"STEP_UP_FOR_RETRY"};
};

class Materializations final : public Part {
 public:
  Status Read(Session& session) override {
    const Result<std::int64_t> newest = ReadNewest(session);
    if (!newest) return newest.error();
    return events_.Read(session, *newest);
  }

  void Publish(Points& points) const override {
    points.Add(kMaterializations, {}, static_cast<double>(events_.total()));
    points.Add(kMaterializationsOfRun, {}, static_cast<double>(events_.total_of_last_run()));
  }

  bool HasTotals() const override { return true; }
  void Save(boost::json::object& state) const override { events_.Save(state); }
  void Restore(const boost::json::value& saved) override { events_.Restore(saved); }

 private:
  EventCounter events_{"ASSET_MATERIALIZATION"};
};

std::unique_ptr<Part> MakeSteps(const Settings& /*settings*/) {
  return std::make_unique<Steps>();
}

std::unique_ptr<Part> MakeMaterializations(const Settings& /*settings*/) {
  return std::make_unique<Materializations>();
}

}  // namespace

PartKind StepsPart() {
  return {"steps", Store::kEvents, kStepMetrics, MakeSteps};
}

PartKind MaterializationsPart() {
  return {"materializations", Store::kEvents, kMaterializationMetrics, MakeMaterializations};
}

}  // namespace tocsin::collectors::dagster
