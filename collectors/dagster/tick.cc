#include "collectors/dagster/tick.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr Statement kById = {
    Store::kSchedules,
    "SELECT id, status, \"timestamp\" FROM job_ticks WHERE id = ANY($1::bigint[])",
    "SELECT id, status, \"timestamp\" FROM job_ticks WHERE id IN (SELECT value FROM "
    "json_each($1))"};

}  // namespace

Result<std::map<std::int64_t, Tick>> ReadTicks(Session& session,
                                               const std::vector<std::int64_t>& ids) {
  std::map<std::int64_t, Tick> ticks;
  if (ids.empty()) return ticks;
  const Result<SqlRows> rows = session.Query(kById, {ListParameter(session.dialect(), ids)});
  if (!rows) return rows.error();
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const std::optional<std::int64_t> id = rows->Integer(row, 0);
    if (id) ticks[*id] = {std::string(rows->Text(row, 1)), session.NaiveAt(*rows, row, 2)};
  }
  return ticks;
}

}  // namespace tocsin::collectors::dagster
