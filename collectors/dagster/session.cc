#include "collectors/dagster/session.h"

#include <span>
#include <string>
#include <utility>

#include "collectors/sql/utf8_rows.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr Statement kClock = {Store::kRuns, "SELECT {now}"};

}  // namespace

Result<SqlRows> Session::Query(const Statement& statement,
                               std::initializer_list<SqlParameter> parameters) {
  const bool own_text = database_.dialect == Dialect::kSqlite && !statement.sqlite.empty();
  const std::string text =
      WithNow(own_text ? statement.sqlite : statement.postgres, database_.dialect);
  Result<SqlRows> rows = database_.connections[static_cast<std::size_t>(statement.store)]->Query(
      text, std::span(parameters.begin(), parameters.size()), attempt_);
  if (!rows) return rows;
  return InUtf8(*std::move(rows));
}

Status Session::ReadClock() {
  return clock_.Read([this] { return Query(kClock); });
}

std::optional<Moment> Session::NaiveAt(const SqlRows& rows, std::size_t row,
                                       std::size_t column) const {
  const std::optional<Moment> naive = ParseNaive(rows.Text(row, column));
  if (!naive) return std::nullopt;
  return *naive - naive_offset_;
}

}  // namespace tocsin::collectors::dagster
