#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/json_member.h"
#include "collectors/kailash/arrival_watermark.h"
#include "collectors/kailash/execution_totals.h"
#include "collectors/kailash/metrics.h"
#include "collectors/kailash/open_executions.h"
#include "collectors/kailash/part.h"
#include "collectors/kailash/workflow_label.h"

namespace tocsin::collectors::kailash {
namespace {

// Of an error only its beginning and its end are read: that of a traceback says what it was. The
// first comparison is what idx_executions_started can use; the second breaks ties.
constexpr Statement kPage = {
    "SELECT run_id, workflow_id, status, started_at, completed_at, "
    "CASE WHEN status = 'failed' THEN left(error, 500) || ' ' || right(error, 500) END "
    "FROM kailash_executions WHERE started_at >= $1 AND (started_at > $1 OR run_id > $2) "
    "ORDER BY started_at, run_id LIMIT 2000",
    "SELECT run_id, workflow_id, status, started_at, completed_at, "
    "CASE WHEN status = 'failed' THEN substr(error, 1, 500) || ' ' || substr(error, -500) END "
    "FROM kailash_executions WHERE started_at >= $1 AND (started_at > $1 OR run_id > $2) "
    "ORDER BY started_at, run_id LIMIT 2000"};
constexpr std::size_t kPageRows = 2000;

// A subquery for each id: with a long list, the planner would rather scan the table. Its limit
// keeps it from being made a join.
constexpr Statement kByIds = {
    "SELECT e.* FROM unnest($1::text[]) AS batch(id) CROSS JOIN LATERAL "
    "(SELECT run_id, workflow_id, status, started_at, completed_at, "
    "CASE WHEN status = 'failed' THEN left(error, 500) || ' ' || right(error, 500) END "
    "FROM kailash_executions WHERE run_id = batch.id LIMIT 1) AS e",
    "SELECT run_id, workflow_id, status, started_at, completed_at, "
    "CASE WHEN status = 'failed' THEN substr(error, 1, 500) || ' ' || substr(error, -500) END "
    "FROM kailash_executions WHERE run_id IN (SELECT value FROM json_each($1))"};

constexpr Statement kNewest = {"SELECT max(started_at) FROM kailash_executions"};

// Served by idx_executions_status. To be found: what is open when counting begins.
constexpr Statement kOpen = {
    "SELECT run_id, workflow_id FROM kailash_executions WHERE status = 'pending' LIMIT 50000"};

// A walk from one workflow to the next along idx_executions_workflow.
constexpr Statement kRoster = {
    "WITH RECURSIVE w(id) AS (SELECT min(workflow_id) FROM kailash_executions UNION ALL "
    "SELECT (SELECT min(e.workflow_id) FROM kailash_executions e WHERE e.workflow_id > w.id) "
    "FROM w WHERE w.id IS NOT NULL) SELECT id FROM w WHERE id IS NOT NULL LIMIT 1000"};
constexpr std::chrono::minutes kRosterEvery{5};

/// Bounds what one collection reads of a backlog, and looks up of open executions.
constexpr int kMostPages = 5;
constexpr int kMostBatches = 10;
constexpr std::size_t kBatchIds = 1000;
/// Bounds what one collection reads of the rows that are there when counting begins.
constexpr int kMostFirstPages = 25;

struct Execution {
  std::string run_id;
  std::string workflow;
  std::string status;
  std::optional<Moment> started;
  std::optional<Moment> completed;
  std::string error;

  bool has_ended() const { return status == "completed" || status == "failed"; }
};

Execution ExecutionAt(const SqlRows& rows, std::size_t row) {
  return {.run_id = std::string(rows.Text(row, 0)),
          .workflow = WorkflowLabel(rows.Text(row, 1)),
          .status = std::string(rows.Text(row, 2)),
          .started = ParseIso(rows.Text(row, 3)),
          .completed = ParseIso(rows.Text(row, 4)),
          .error = std::string(rows.Text(row, 5))};
}

class Executions final : public Part {
 public:
  explicit Executions(const Settings& settings)
      : settings_(settings),
        watermark_(settings.watermark_overlap),
        workflows_(settings.max_workflows) {}

  Status Read(Session& session) override;
  void Publish(MetricSink& points) const override;
  bool HasTotals() const override { return true; }
  void Save(boost::json::object& state) const override;
  void Restore(const boost::json::value& saved) override;

 private:
  /// Off until the rows that are there already have been remembered.
  enum class Counting { kOn, kOff };

  Status ReadRoster(Session& session);
  Status Begin(Session& session);
  Status ReadOpenAtBegin(Session& session);
  Result<bool> ReadPage(Session& session, Counting counting);
  Status CheckOpen(Session& session);
  Status CheckBatch(Session& session, const std::vector<std::string>& batch);
  void Note(const Execution& execution, Moment now);
  void Count(const Execution& execution);

  const Settings& settings_;
  ArrivalWatermark watermark_;
  OpenExecutions open_;
  WorkflowTable<ExecutionTotals> workflows_;
  std::uint64_t lost_ = 0;
  bool is_counting_ = false;
  std::optional<Moment> roster_read_at_;
};

Status Executions::Read(Session& session) {
  if (!roster_read_at_ || session.clock().Now() - *roster_read_at_ >= kRosterEvery) {
    if (Status roster = ReadRoster(session); !roster) return roster;
  }
  if (!is_counting_) return Begin(session);
  for (int page = 0; page < kMostPages; ++page) {
    const Result<bool> is_full = ReadPage(session, Counting::kOn);
    if (!is_full) return is_full.error();
    if (!*is_full) break;
  }
  return CheckOpen(session);
}

/// Gives every workflow its series at 0, so that increase() sees the first failure.
Status Executions::ReadRoster(Session& session) {
  const Result<SqlRows> rows = session.Query(kRoster);
  if (!rows) return rows.error();
  for (std::size_t row = 0; row < rows->size(); ++row) {
    workflows_.Of(WorkflowLabel(rows->Text(row, 0)));
  }
  roster_read_at_ = session.clock().Now();
  return {};
}

/// Remembers what is there, over several collections if it is much.
Status Executions::Begin(Session& session) {
  if (!watermark_.has_begun()) {
    const Result<SqlRows> newest = session.Query(kNewest);
    if (!newest) return newest.error();
    if (Status open = ReadOpenAtBegin(session); !open) return open;
    watermark_.Begin(newest->empty() ? std::nullopt : ParseIso(newest->Text(0, 0)),
                     session.clock().Now());
  }
  for (int page = 0; page < kMostFirstPages; ++page) {
    const Result<bool> is_full = ReadPage(session, Counting::kOff);
    if (!is_full) return is_full.error();
    is_counting_ = !*is_full;
    if (is_counting_) break;
  }
  return {};
}

Status Executions::ReadOpenAtBegin(Session& session) {
  const Result<SqlRows> rows = session.Query(kOpen);
  if (!rows) return rows.error();
  for (std::size_t row = 0; row < rows->size(); ++row) {
    workflows_.Of(WorkflowLabel(rows->Text(row, 1)));
    open_.Add(std::string(rows->Text(row, 0)), session.clock().Now());
  }
  return {};
}

/// Reads one page and takes in what is new, or only remembers it. Whether it was full.
Result<bool> Executions::ReadPage(Session& session, Counting counting) {
  const ArrivalWatermark::Position from = watermark_.next();
  const Result<SqlRows> rows = session.Query(kPage, {from.stamp, from.id});
  if (!rows) return rows.error();
  const Moment now = session.clock().Now();
  std::optional<ArrivalWatermark::Position> last;
  std::optional<Moment> newest;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const Execution execution = ExecutionAt(*rows, row);
    last = {std::string(rows->Text(row, 3)), execution.run_id};
    if (!execution.started) continue;
    newest = std::max(newest.value_or(*execution.started), *execution.started);
    if (!watermark_.Admit(execution.run_id, *execution.started)) continue;
    if (counting == Counting::kOn || !execution.has_ended()) Note(execution, now);
  }
  const bool is_full = rows->size() == kPageRows;
  watermark_.EndPage(std::move(last), newest, is_full, now);
  return is_full;
}

void Executions::Note(const Execution& execution, Moment now) {
  if (execution.has_ended()) {
    Count(execution);
    return;
  }
  workflows_.Of(execution.workflow);
  if (!open_.Add(execution.run_id, now)) ++lost_;
}

void Executions::Count(const Execution& execution) {
  ExecutionTotals& totals = workflows_.Of(execution.workflow);
  if (execution.status == "completed") {
    ++totals.succeeded;
  } else {
    ++totals.failed;
    ++totals.errors[CategoryOf(execution.error)];
  }
  if (execution.started && execution.completed && *execution.completed >= *execution.started) {
    totals.duration.Observe(Seconds(*execution.completed - *execution.started));
  }
}

Status Executions::CheckOpen(Session& session) {
  std::size_t left = open_.size();
  for (int i = 0; i < kMostBatches && left > 0; ++i) {
    const std::vector<std::string> batch = open_.NextBatch(std::min(left, kBatchIds));
    if (Status checked = CheckBatch(session, batch); !checked) return checked;
    left -= batch.size();
  }
  lost_ += open_.Expire(session.clock().Now());
  return {};
}

Status Executions::CheckBatch(Session& session, const std::vector<std::string>& batch) {
  const Result<SqlRows> rows = session.Query(kByIds, {ListParameter(session.dialect(), batch)});
  if (!rows) return rows.error();
  std::vector<std::string> there;
  there.reserve(rows->size());
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const Execution execution = ExecutionAt(*rows, row);
    there.push_back(execution.run_id);
    if (!execution.has_ended()) continue;
    Count(execution);
    open_.Remove(execution.run_id);
  }
  std::sort(there.begin(), there.end());
  for (const std::string& run_id : batch) {
    if (std::binary_search(there.begin(), there.end(), run_id)) continue;
    open_.Remove(run_id);  // Somebody deleted it.
    ++lost_;
  }
  return {};
}

void Executions::Publish(MetricSink& points) const {
  const bool tells_workflows = settings_.workflow_source == WorkflowSource::kDatabase;
  for (const auto& [workflow, totals] : workflows_.entries()) {
    for (std::size_t i = 0; i < kErrorCategories; ++i) {
      points.Add(kErrors, {kErrorCategoryNames[i], workflow},
                 static_cast<double>(totals.errors[i]));
    }
    if (!tells_workflows) continue;
    points.Add(kWorkflows, {workflow}, static_cast<double>(totals.succeeded + totals.failed));
    points.Add(kWorkflowSuccesses, {workflow}, static_cast<double>(totals.succeeded));
    points.Add(kErrors, {"workflow_failed", workflow}, static_cast<double>(totals.failed));
    points.AddHistogram(kDuration, {workflow}, totals.duration.point());
  }
  points.Add(kExecutionsLost, {}, static_cast<double>(lost_));
}

void Executions::Save(boost::json::object& state) const {
  if (!is_counting_) return;
  boost::json::object workflows;
  for (const auto& [workflow, totals] : workflows_.entries()) workflows[workflow] = totals.Save();
  state["watermark"] = watermark_.Save();
  state["open"] = open_.Save();
  state["workflows"] = std::move(workflows);
  state["lost"] = lost_;
}

void Executions::Restore(const boost::json::value& saved) {
  watermark_.Restore(MemberIn(saved, "watermark"));
  is_counting_ = watermark_.has_begun();
  open_.Restore(MemberIn(saved, "open"));
  lost_ = CountIn(saved, "lost");
  const boost::json::object* const workflows = MemberIn(saved, "workflows").if_object();
  if (workflows == nullptr) return;
  for (const auto& [workflow, totals] : *workflows) {
    // With a lower limit than then, what no longer fits is added up.
    workflows_.Of(std::string(std::string_view(workflow))).Add(ExecutionTotals::Restored(totals));
  }
}

std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<Executions>(settings);
}

}  // namespace

PartKind ExecutionsPart() {
  return {"executions", Make};
}

}  // namespace tocsin::collectors::kailash
