#include "collectors/sql_queries/reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "base/number.h"
#include "base/utf8.h"
#include "collectors/json_member.h"
#include "collectors/sql/cell.h"

namespace tocsin::collectors::sql_queries {
namespace {

/// How soon a query that failed is tried again, even if it is due later.
constexpr Duration kRetry = std::chrono::minutes(1);

/// How much of a backlog one collection reads.
constexpr int kMostPages = 5;

/// A watermark as it came out of the database, going back in. SQLite compares numbers and texts
/// differently, so a number must go back as one.
SqlParameter AsParameter(const std::string& text) {
  std::int64_t whole = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (problem == std::errc() && end == text.data() + text.size() && std::to_string(whole) == text) {
    return whole;
  }
  const std::optional<double> number = ParseNumber(text);
  if (number && FormatNumber(*number) == text) return *number;
  return text;
}

Attempt Within(const Attempt& attempt, const std::optional<Duration>& timeout) {
  if (!timeout) return attempt;
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  return {std::min(attempt.deadline, now + *timeout), attempt.stop};
}

}  // namespace

QueryReader::QueryReader(const QueryOptions& options, std::size_t max_series)
    : options_(&options), statement_(StatementOf(options)) {
  for (const auto& metric : options.metrics) {
    series_.emplace_back(*metric, options.watermark.has_value(), max_series);
  }
  if (options.watermark) watermark_.emplace(options.watermark->overlap);
}

bool QueryReader::IsDue(SteadyPoint now) const {
  if (!read_at_) return true;
  const Duration wait = failed_ ? std::min(options_->interval, kRetry) : options_->interval;
  // What is behind catches up in each collection.
  return (watermark_ && !watermark_->caught_up()) || now - *read_at_ >= wait;
}

Status QueryReader::Read(SqlConnection& connection, const Attempt& attempt, SteadyPoint now) {
  read_at_ = now;
  complaint_.reset();
  const Attempt own = Within(attempt, options_->timeout);
  Status read = watermark_ ? ReadNew(connection, own, now) : ReadAll(connection, own);
  failed_ = read ? std::nullopt : std::optional(read.error());
  return read;
}

Status QueryReader::ReadAll(SqlConnection& connection, const Attempt& attempt) {
  const Result<SqlRows> rows = connection.Query(statement_, {}, attempt);
  if (!rows) return rows.error();
  if (rows->size() > options_->max_rows) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("more than {} rows (max_rows)", options_->max_rows)};
  }
  const Result<std::vector<Columns>> columns = FindColumns(*rows);
  if (!columns) return columns.error();
  for (MetricSeries& series : series_) series.Clear();
  for (std::size_t row = 0; row < rows->size(); ++row) TakeRow(*rows, row, *columns);
  return {};
}

Status QueryReader::ReadNew(SqlConnection& connection, const Attempt& attempt, SteadyPoint now) {
  if (!watermark_->has_begun()) {
    if (Status begun = Begin(connection, attempt, now); !begun) return begun;
  }
  for (int page = 0; page < kMostPages; ++page) {
    if (watermark_->is_stuck()) {
      return Error{ErrorCode::kTooLarge,
                   fmt::format("column \"{}\": the watermark stands still, and the rows behind it "
                               "are too many to remember; with watermark_id it must be a number, a "
                               "time, or text in the order of its bytes",
                               options_->watermark->column)};
    }
    const Result<bool> more = ReadPage(connection, attempt, now);
    if (!more) return more.error();
    if (!*more) break;
  }
  return {};
}

Status QueryReader::Begin(SqlConnection& connection, const Attempt& attempt, SteadyPoint now) {
  std::string start = options_->watermark->start;
  if (!options_->watermark->start_query.empty()) {
    const Result<SqlRows> rows = connection.Query(options_->watermark->start_query, {}, attempt);
    if (!rows) return rows.error().Within("watermark_start_query");
    if (rows->columns() != 1 || rows->size() > 1) {
      return Error{ErrorCode::kCorrupt, "watermark_start_query: expected one value"};
    }
    if (!rows->empty() && rows->At(0, 0)) start = *rows->At(0, 0);
  }
  if (!IsUtf8(start)) return Error{ErrorCode::kCorrupt, "the watermark is not UTF-8"};
  watermark_->Begin(std::move(start), now);
  return {};
}

Result<bool> QueryReader::ReadPage(SqlConnection& connection, const Attempt& attempt,
                                   SteadyPoint now) {
  const WatermarkOptions& options = *options_->watermark;
  const std::array parameters = {AsParameter(watermark_->next())};
  const Result<SqlRows> rows = connection.Query(statement_, parameters, attempt);
  if (!rows) return rows.error();
  const Result<std::vector<Columns>> columns = FindColumns(*rows);
  if (!columns) return columns.error();
  const Result<std::size_t> mark = ColumnOf(*rows, options.column);
  if (!mark) return mark.error();
  const Result<std::size_t> id = options.id.empty() ? *mark : ColumnOf(*rows, options.id);
  if (!id) return id.error();

  // The row beyond the page tells where the next one begins: rows with its watermark all belong
  // there, since a page comes after a watermark.
  std::size_t size = rows->size();
  const bool is_full = size > options_->max_rows;
  if (is_full) {
    const SqlRows::Cell& next = rows->At(--size, *mark);
    while (size > 0 && rows->At(size - 1, *mark) == next) --size;
  }
  for (std::size_t row = 0; row < size; ++row) {
    const SqlRows::Cell& cell = rows->At(row, *mark);
    if (!cell || !IsUtf8(*cell)) {
      return Error{ErrorCode::kCorrupt, fmt::format("column \"{}\": the watermark is {}",
                                                    options.column, cell ? "not UTF-8" : "NULL")};
    }
    if (!rows->At(row, *id)) {
      return Error{ErrorCode::kCorrupt, fmt::format("column \"{}\": the id is NULL", options.id)};
    }
  }
  if (is_full && size == 0) {
    return Error{
        ErrorCode::kTooLarge,
        fmt::format("more than {} rows (max_rows) with the same watermark", options_->max_rows)};
  }
  for (std::size_t row = 0; row < size; ++row) {
    if (watermark_->Admit(ToUtf8(rows->Text(row, *id)))) TakeRow(*rows, row, *columns);
  }
  watermark_->EndPage(size == 0 ? std::nullopt : rows->At(size - 1, *mark), is_full, now);
  return is_full;
}

Result<std::vector<QueryReader::Columns>> QueryReader::FindColumns(const SqlRows& rows) const {
  std::vector<Columns> all;
  all.reserve(series_.size());
  for (const MetricSeries& series : series_) {
    const MetricWords& words = series.metric().words();
    Columns columns;
    if (!words.value.empty()) {
      const Result<std::size_t> value = ColumnOf(rows, words.value);
      if (!value) return value.error().Within(words.name);
      columns.value = *value;
    }
    for (const std::string& label : words.labels) {
      const Result<std::size_t> column = ColumnOf(rows, label);
      if (!column) return column.error().Within(words.name);
      columns.labels.push_back(*column);
    }
    all.push_back(std::move(columns));
  }
  return all;
}

void QueryReader::TakeRow(const SqlRows& rows, std::size_t row,
                          const std::vector<Columns>& columns) {
  for (std::size_t i = 0; i < series_.size(); ++i) {
    double value = 1;
    if (columns[i].value) {
      const Result<std::optional<double>> number = NumberIn(rows, row, *columns[i].value);
      if (!number) Complain(series_[i], number.error());
      if (!number || !*number) continue;
      value = **number;
    }
    MetricSeries::Labels labels;
    labels.reserve(columns[i].labels.size());
    for (const std::size_t column : columns[i].labels) {
      labels.push_back(ToUtf8(rows.Text(row, column)));
    }
    if (const Status taken = series_[i].Take(std::move(labels), value); !taken) {
      Complain(series_[i], taken.error());
    }
  }
}

void QueryReader::Complain(const MetricSeries& series, const Error& error) {
  if (complaint_) return;
  const MetricWords& words = series.metric().words();
  complaint_ = (words.value.empty() ? error : error.Within(fmt::format("column {}", words.value)))
                   .Within(words.name);
}

std::vector<std::string> QueryReader::MissingMetrics() const {
  std::vector<std::string> names;
  if (!failed_) return names;
  for (const MetricSeries& series : series_) names.push_back(series.metric().words().name);
  return names;
}

void QueryReader::Publish(MetricSink& points) const {
  if (!read_at_ || failed_) return;
  for (const MetricSeries& series : series_) series.Publish(points);
}

boost::json::object QueryReader::Save() const {
  if (!watermark_ || !watermark_->has_begun()) return {};
  boost::json::object metrics;
  for (const MetricSeries& series : series_) {
    metrics[series.metric().words().name] = series.Save();
  }
  return {{"column", options_->watermark->column},
          {"id", options_->watermark->id},
          {"watermark", watermark_->Save()},
          {"metrics", std::move(metrics)}};
}

void QueryReader::Restore(const boost::json::value& saved, SteadyPoint now) {
  // By another column it would count rows again.
  if (!watermark_ || TextIn(saved, "column") != options_->watermark->column ||
      TextIn(saved, "id") != options_->watermark->id) {
    return;
  }
  watermark_->Restore(MemberIn(saved, "watermark"), now);
  const boost::json::value& metrics = MemberIn(saved, "metrics");
  for (MetricSeries& series : series_) {
    series.Restore(MemberIn(metrics, series.metric().words().name));
  }
}

}  // namespace tocsin::collectors::sql_queries
