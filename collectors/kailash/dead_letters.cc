#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/json_member.h"
#include "collectors/kailash/arrival_watermark.h"
#include "collectors/kailash/metrics.h"
#include "collectors/kailash/part.h"
#include "collectors/kailash/workflow_label.h"

namespace tocsin::collectors::kailash {
namespace {

// Served by idx_kailash_dlq_status: costs what is open, not what once succeeded.
constexpr Statement kOpenItems = {
    "SELECT status, count(*) FROM kailash_dlq WHERE status IN ('pending','retrying') "
    "GROUP BY status"};
// Nothing removes permanent failures, so that no more than so many are counted.
constexpr Statement kPermanent = {
    "SELECT count(*) FROM (SELECT 1 FROM kailash_dlq WHERE status = 'permanent_failure' "
    "LIMIT 10000) AS failures"};
constexpr std::chrono::minutes kPermanentEvery{5};
// Served by idx_kailash_dlq_created.
constexpr Statement kNewItems = {
    "SELECT id, workflow_id, created_at FROM kailash_dlq WHERE created_at >= $1 AND "
    "(created_at > $1 OR id > $2) ORDER BY created_at, id LIMIT 2000"};
constexpr std::size_t kPageRows = 2000;
constexpr Statement kNewest = {"SELECT max(created_at) FROM kailash_dlq"};

constexpr int kMostPages = 5;

/// The last is counted by a statement of its own.
constexpr std::array<std::string_view, 3> kStatuses = {"pending", "retrying", "permanent_failure"};

class DeadLetters final : public Part {
 public:
  explicit DeadLetters(const Settings& settings)
      : watermark_(settings.watermark_overlap), workflows_(settings.max_workflows) {}

  Status Read(Session& session) override;
  void Publish(MetricSink& points) const override;
  bool HasTotals() const override { return true; }
  void Save(boost::json::object& state) const override;
  void Restore(const boost::json::value& saved) override;

 private:
  Status ReadItems(Session& session);
  Status Begin(Session& session);
  Result<bool> ReadPage(Session& session, bool counts);

  std::array<double, kStatuses.size()> items_{};
  std::optional<Moment> permanent_read_at_;
  ArrivalWatermark watermark_;
  WorkflowTable<std::uint64_t> workflows_;
  bool is_counting_ = false;
};

Status DeadLetters::Read(Session& session) {
  if (Status items = ReadItems(session); !items) return items;
  if (!is_counting_) return Begin(session);
  for (int page = 0; page < kMostPages; ++page) {
    const Result<bool> is_full = ReadPage(session, true);
    if (!is_full) return is_full.error();
    if (!*is_full) break;
  }
  return {};
}

Status DeadLetters::ReadItems(Session& session) {
  const Result<SqlRows> open = session.Query(kOpenItems);
  if (!open) return open.error();
  if (!permanent_read_at_ || session.clock().Now() - *permanent_read_at_ >= kPermanentEvery) {
    const Result<SqlRows> permanent = session.Query(kPermanent);
    if (!permanent) return permanent.error();
    items_[2] = permanent->Number(0, 0).value_or(0);
    permanent_read_at_ = session.clock().Now();
  }
  items_[0] = items_[1] = 0;
  for (std::size_t row = 0; row < open->size(); ++row) {
    items_[open->Text(row, 0) == kStatuses[0] ? 0 : 1] = open->Number(row, 1).value_or(0);
  }
  return {};
}

/// Remembers what is there, over several collections if it is much.
Status DeadLetters::Begin(Session& session) {
  if (!watermark_.has_begun()) {
    const Result<SqlRows> newest = session.Query(kNewest);
    if (!newest) return newest.error();
    watermark_.Begin(newest->empty() ? std::nullopt : ParseIso(newest->Text(0, 0)),
                     session.clock().Now());
  }
  for (int page = 0; page < kMostPages; ++page) {
    const Result<bool> is_full = ReadPage(session, false);
    if (!is_full) return is_full.error();
    is_counting_ = !*is_full;
    if (is_counting_) break;
  }
  return {};
}

/// Reads one page and counts what is new in it, or only remembers it. Whether it was full.
Result<bool> DeadLetters::ReadPage(Session& session, bool counts) {
  const ArrivalWatermark::Position from = watermark_.next();
  const Result<SqlRows> rows = session.Query(kNewItems, {from.stamp, from.id});
  if (!rows) return rows.error();
  const Moment now = session.clock().Now();
  std::optional<ArrivalWatermark::Position> last;
  std::optional<Moment> newest;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    last = {std::string(rows->Text(row, 2)), std::string(rows->Text(row, 0))};
    const std::optional<Moment> created = ParseIso(last->stamp);
    if (!created) continue;
    newest = std::max(newest.value_or(*created), *created);
    if (watermark_.Admit(last->id, *created) && counts) {
      ++workflows_.Of(WorkflowLabel(rows->Text(row, 1)));
    }
  }
  const bool is_full = rows->size() == kPageRows;
  watermark_.EndPage(std::move(last), newest, is_full, now);
  return is_full;
}

void DeadLetters::Publish(MetricSink& points) const {
  for (std::size_t i = 0; i < kStatuses.size(); ++i) {
    points.Add(kDlqItems, {kStatuses[i]}, items_[i]);
  }
  for (const auto& [workflow, count] : workflows_.entries()) {
    points.Add(kErrors, {"dead_lettered", workflow}, static_cast<double>(count));
  }
}

void DeadLetters::Save(boost::json::object& state) const {
  if (!is_counting_) return;
  boost::json::object workflows;
  for (const auto& [workflow, count] : workflows_.entries()) workflows[workflow] = count;
  state["watermark"] = watermark_.Save();
  state["workflows"] = std::move(workflows);
}

void DeadLetters::Restore(const boost::json::value& saved) {
  watermark_.Restore(MemberIn(saved, "watermark"));
  is_counting_ = watermark_.has_begun();
  const boost::json::value& workflows = MemberIn(saved, "workflows");
  if (!workflows.is_object()) return;
  for (const auto& [workflow, count] : workflows.get_object()) {
    workflows_.Of(std::string(std::string_view(workflow))) += CountIn(workflows, workflow);
  }
}

std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<DeadLetters>(settings);
}

}  // namespace

PartKind DeadLettersPart() {
  return {"dead_letters", Make};
}

}  // namespace tocsin::collectors::kailash
