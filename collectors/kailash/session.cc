#include "collectors/kailash/session.h"

#include <span>
#include <string>
#include <utility>

#include "collectors/sql/utf8_rows.h"

namespace tocsin::collectors::kailash {
namespace {

constexpr Statement kClock = {"SELECT {now}"};

void ReplaceAll(std::string& text, std::string_view mark, std::string_view by) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    text.replace(at, mark.size(), by);
    at += by.size();
  }
}

}  // namespace

Result<SqlRows> Session::Query(const Statement& statement,
                               std::initializer_list<SqlParameter> parameters) {
  const bool is_sqlite = source_.dialect == Dialect::kSqlite;
  std::string text =
      WithNow(is_sqlite && !statement.sqlite.empty() ? statement.sqlite : statement.postgres,
              source_.dialect);
  ReplaceAll(text, "{tasks}", source_.settings.task_table);
  ReplaceAll(text, "{workers}", source_.settings.worker_table);
  Result<SqlRows> rows =
      source_.connection.Query(text, std::span(parameters.begin(), parameters.size()), attempt_);
  if (!rows) return rows;
  return InUtf8(*std::move(rows));
}

Status Session::ReadClock() {
  return clock_.Read([this] { return Query(kClock); });
}

}  // namespace tocsin::collectors::kailash
