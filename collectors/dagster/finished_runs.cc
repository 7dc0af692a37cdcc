#include "collectors/dagster/finished_runs.h"

#include <string_view>

#include "base/text.h"

namespace tocsin::collectors::dagster {
namespace {

// One status at a time, so that idx_run_range gives the order: with IN (...), the planner would
// sort all that match. The first comparison is what the index can use; the second breaks ties.
constexpr Statement kPage = {
    Store::kRuns,
    "SELECT id, run_id, pipeline_name, update_timestamp, create_timestamp, start_time, end_time "
    "FROM runs WHERE status = $1 AND update_timestamp >= $2 AND (update_timestamp, id) > ($2, $3) "
    "ORDER BY update_timestamp, id LIMIT 2000"};
constexpr Statement kNewestUpdate = {Store::kRuns,
                                     "SELECT max(update_timestamp) FROM runs WHERE status = $1"};
// A subquery for each run: with run_id = ANY(...) and a full page of them, the planner would rather
// scan all tags. Its limit keeps it from being made a join; a run has each tag once.
constexpr Statement kTags = {
    Store::kRuns,
    "SELECT t.run_id, t.key, t.value FROM unnest($1::text[]) AS page(id) CROSS JOIN LATERAL "
    "(SELECT run_id, key, value FROM run_tags WHERE run_tags.run_id = page.id AND key IN "
    "('.dagster/repository','dagster/retry_number','dagster/will_retry') LIMIT 10) AS t",
    "SELECT run_id, key, value FROM run_tags WHERE run_id IN (SELECT value FROM json_each($1)) "
    "AND key IN ('.dagster/repository','dagster/retry_number','dagster/will_retry')"};

constexpr std::size_t kPageRows = 2000;

/// The runs of a page; rows whose update is not a moment are left out.
std::vector<FinishedRun> ParsePage(const Session& session, const SqlRows& rows) {
  std::vector<FinishedRun> runs;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::optional<Moment> updated = session.NaiveAt(rows, row, 3);
    if (!updated) continue;
    runs.push_back({.id = rows.Integer(row, 0).value_or(0),
                    .run_id = std::string(rows.Text(row, 1)),
                    .job = std::string(rows.Text(row, 2)),
                    .updated = *updated,
                    .created = session.NaiveAt(rows, row, 4),
                    .started = EpochAt(rows, row, 5),
                    .ended = EpochAt(rows, row, 6)});
  }
  return runs;
}

std::map<std::string, RunTags> ParseTags(const SqlRows& rows) {
  std::map<std::string, RunTags> tags;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    RunTags& of_run = tags[std::string(rows.Text(row, 0))];
    const std::string_view key = rows.Text(row, 1);
    const std::string_view value = rows.Text(row, 2);
    if (key == ".dagster/repository") of_run.repository = value;
    if (key == "dagster/retry_number") of_run.is_retry = true;
    if (key == "dagster/will_retry") of_run.will_retry = LowerCase(value) == "true";
  }
  return tags;
}

}  // namespace

Result<FinishedPage> ReadFinishedPage(Session& session, std::size_t outcome,
                                      const RunWatermark::Position& from) {
  const Result<SqlRows> rows = session.Query(
      kPage, {std::string(kFinishedStatuses[outcome]), session.Naive(from.updated), from.id});
  if (!rows) return rows.error();
  return FinishedPage{ParsePage(session, *rows), rows->size() == kPageRows};
}

Result<std::optional<Moment>> ReadNewestUpdate(Session& session, std::size_t outcome) {
  const Result<SqlRows> rows =
      session.Query(kNewestUpdate, {std::string(kFinishedStatuses[outcome])});
  if (!rows) return rows.error();
  return rows->empty() ? std::nullopt : session.NaiveAt(*rows, 0, 0);
}

Result<std::map<std::string, RunTags>> ReadTags(Session& session,
                                                const std::vector<FinishedRun>& runs) {
  std::vector<std::string> ids;
  ids.reserve(runs.size());
  for (const FinishedRun& run : runs) ids.push_back(run.run_id);
  const Result<SqlRows> rows = session.Query(kTags, {ListParameter(session.dialect(), ids)});
  if (!rows) return rows.error();
  return ParseTags(*rows);
}

}  // namespace tocsin::collectors::dagster
