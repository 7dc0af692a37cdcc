#include "collectors/kailash/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/utf8.h"

namespace tocsin::collectors::kailash {
namespace {

constexpr Statement kClock = {"SELECT {now}"};

constexpr std::string_view kPostgresNow = "extract(epoch FROM clock_timestamp())::float8";
// SQLite before 3.42 knows no other way to the milliseconds. 2440587.5 is 1970-01-01 as a Julian
// day.
constexpr std::string_view kSqliteNow = "(julianday('now') - 2440587.5) * 86400.0";

void ReplaceAll(std::string& text, std::string_view mark, std::string_view by) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    text.replace(at, mark.size(), by);
    at += by.size();
  }
}

SqlRows InUtf8(const SqlRows& rows) {
  SqlRows out(rows.columns());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      const SqlRows::Cell& cell = rows.At(row, column);
      out.Append(cell ? SqlRows::Cell(ToUtf8(*cell)) : std::nullopt);
    }
  }
  return out;
}

bool IsAllUtf8(const SqlRows& rows) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      if (!IsUtf8(rows.Text(row, column))) return false;
    }
  }
  return true;
}

/// An element of a PostgreSQL array literal: quoted, with backslashes before quotes and
/// backslashes. Source: PostgreSQL's documentation, "Arrays", "Array Input and Output Syntax".
void AppendArrayElement(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

Result<SqlRows> Session::Query(const Statement& statement,
                               std::initializer_list<SqlParameter> parameters) {
  const bool is_sqlite = source_.dialect == Dialect::kSqlite;
  std::string text(is_sqlite && !statement.sqlite.empty() ? statement.sqlite : statement.postgres);
  ReplaceAll(text, "{now}", is_sqlite ? kSqliteNow : kPostgresNow);
  ReplaceAll(text, "{tasks}", source_.settings.task_table);
  ReplaceAll(text, "{workers}", source_.settings.worker_table);
  Result<SqlRows> rows =
      source_.connection.Query(text, std::span(parameters.begin(), parameters.size()), attempt_);
  if (!rows || IsAllUtf8(*rows)) return rows;
  return InUtf8(*rows);
}

Status Session::ReadClock() {
  const TimePoint sent = source_.clock.Now();
  const SteadyPoint steady_sent = source_.clock.SteadyNow();
  const Result<SqlRows> rows = Query(kClock);
  if (!rows) return rows.error();
  if (rows->size() != 1 || !rows->Number(0, 0)) {
    return Error{ErrorCode::kCorrupt, "the database does not tell the time"};
  }
  const Duration half = (source_.clock.SteadyNow() - steady_sent) / 2;
  source_now_ = FromUnixSeconds(*rows->Number(0, 0));
  asked_at_ = steady_sent + half;
  clock_skew_seconds_ = UnixSeconds(source_now_) - tocsin::UnixSeconds(sent + half);
  return {};
}

Moment Session::Now() const {
  return source_now_ + (source_.clock.SteadyNow() - asked_at_);
}

std::optional<Moment> EpochAt(const SqlRows& rows, std::size_t row, std::size_t column) {
  const std::optional<double> seconds = rows.Number(row, column);
  if (!seconds) return std::nullopt;
  return FromUnixSeconds(*seconds);
}

double AgeAt(const SqlRows& rows, std::size_t row, std::size_t now_column,
             std::optional<Moment> moment) {
  const std::optional<Moment> now = EpochAt(rows, row, now_column);
  return now && moment ? std::max(0.0, Seconds(*now - *moment)) : 0;
}

std::string ListParameter(Dialect dialect, const std::vector<std::string>& texts) {
  if (dialect == Dialect::kSqlite) {
    return boost::json::serialize(boost::json::array(texts.begin(), texts.end()));
  }
  std::string out = "{";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    AppendArrayElement(out, text);
  }
  return out + "}";
}

}  // namespace tocsin::collectors::kailash
