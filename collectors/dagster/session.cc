#include "collectors/dagster/session.h"

#include <algorithm>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "base/utf8.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr Statement kClock = {Store::kRuns, "SELECT {now}"};

constexpr std::string_view kNowMark = "{now}";
constexpr std::string_view kPostgresNow = "extract(epoch FROM clock_timestamp())::float8";
// SQLite before 3.42 knows no other way to the milliseconds. 2440587.5 is 1970-01-01 as a Julian
// day.
constexpr std::string_view kSqliteNow = "(julianday('now') - 2440587.5) * 86400.0";

std::string Expanded(std::string_view statement, Dialect dialect) {
  std::string text(statement);
  const std::string_view now = dialect == Dialect::kPostgres ? kPostgresNow : kSqliteNow;
  for (std::size_t at = text.find(kNowMark); at != std::string::npos;
       at = text.find(kNowMark, at)) {
    text.replace(at, kNowMark.size(), now);
  }
  return text;
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

bool IsAllUtf8(const SqlRows& rows) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      if (!IsUtf8(rows.Text(row, column))) return false;
    }
  }
  return true;
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

}  // namespace

Result<SqlRows> Session::Query(const Statement& statement,
                               std::initializer_list<SqlParameter> parameters) {
  const bool own_text = database_.dialect == Dialect::kSqlite && !statement.sqlite.empty();
  const std::string text =
      Expanded(own_text ? statement.sqlite : statement.postgres, database_.dialect);
  Result<SqlRows> rows = database_.connections[static_cast<std::size_t>(statement.store)]->Query(
      text, std::span(parameters.begin(), parameters.size()), attempt_);
  if (!rows || IsAllUtf8(*rows)) return rows;
  return InUtf8(*rows);
}

Status Session::ReadClock() {
  const TimePoint sent = clock_.Now();
  const SteadyPoint steady_sent = clock_.SteadyNow();
  const Result<SqlRows> rows = Query(kClock);
  if (!rows) return rows.error();
  if (rows->size() != 1 || !rows->Number(0, 0)) {
    return Error{ErrorCode::kCorrupt, "the database does not tell the time"};
  }
  const Duration half = (clock_.SteadyNow() - steady_sent) / 2;
  source_now_ = FromUnixSeconds(*rows->Number(0, 0));
  asked_at_ = steady_sent + half;
  clock_skew_seconds_ = UnixSeconds(source_now_) - tocsin::UnixSeconds(sent + half);
  return {};
}

Moment Session::Now() const {
  return source_now_ + (clock_.SteadyNow() - asked_at_);
}

std::optional<Moment> Session::NaiveAt(const SqlRows& rows, std::size_t row,
                                       std::size_t column) const {
  const std::optional<Moment> naive = ParseNaive(rows.Text(row, column));
  if (!naive) return std::nullopt;
  return *naive - naive_offset_;
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

std::string ListParameter(Dialect dialect, const std::vector<std::int64_t>& numbers) {
  const bool json = dialect == Dialect::kSqlite;
  std::string out(1, json ? '[' : '{');
  for (const std::int64_t number : numbers) {
    if (out.size() > 1) out += ',';
    out += std::to_string(number);
  }
  return out + (json ? ']' : '}');
}

}  // namespace tocsin::collectors::dagster
