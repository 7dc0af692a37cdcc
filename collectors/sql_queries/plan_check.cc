#include "collectors/sql_queries/plan_check.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "base/number.h"
#include "collectors/json_member.h"
#include "collectors/sql/cell.h"

namespace tocsin::collectors::sql_queries {
namespace {

using Table = std::pair<std::string, std::string>;  // Schema, name.

const std::string kPing = "SELECT 1";
const std::string kRowsOfTable =
    "SELECT c.reltuples::float8 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = $1::text AND c.relname = $2::text";

/// Whether a node asks those below it for no more rows than it is asked for.
bool PassesRowsOn(const boost::json::value& node) {
  constexpr std::array<std::string_view, 6> kTypes = {
      "Append", "Incremental Sort", "Merge Append", "Nested Loop", "Result", "Subquery Scan"};
  return std::find(kTypes.begin(), kTypes.end(), TextIn(node, "Node Type")) != kTypes.end() &&
         MemberIn(node, "Filter").is_null();
}

/// Whether a node reads a table or an index of it from end to end. `is_limited` says that it is
/// asked for a few rows only, which spares an index the rest, unless it looks for them.
bool ReadsAll(const boost::json::value& node, bool is_limited) {
  const std::string type = TextIn(node, "Node Type");
  if (type == "Seq Scan") return true;
  if (type != "Index Scan" && type != "Index Only Scan") return false;
  const bool stops_early = is_limited && MemberIn(node, "Filter").is_null();
  return MemberIn(node, "Index Cond").is_null() && !stops_early;
}

/// Adds the tables that `node` of a plan, or one below it, reads from end to end.
void FindScans(const boost::json::value& node, bool is_limited, std::set<Table>& tables) {
  if (ReadsAll(node, is_limited)) {
    tables.emplace(TextIn(node, "Schema"), TextIn(node, "Relation Name"));
  }
  const bool limits = TextIn(node, "Node Type") == "Limit" || (is_limited && PassesRowsOn(node));
  for (const boost::json::value& below : ArrayIn(node, "Plans")) {
    // The inner side of a join is read for each row of the other.
    FindScans(below, limits && TextIn(below, "Parent Relationship") != "Inner", tables);
  }
}

/// Checks one query; one thread at a time.
class PlanCheck {
 public:
  PlanCheck(const QueryOptions& query, SqlConnection& connection, const Attempt& attempt)
      : query_(query), connection_(connection), attempt_(attempt) {
    if (query.watermark) parameters_.emplace_back(query.watermark->start);
  }

  std::vector<Finding> Run(bool is_postgres) {
    CheckStartQuery();
    const bool is_good = CheckColumns();
    if (is_good && is_postgres) CheckScans();
    return std::move(findings_);
  }

 private:
  void Add(Finding::Kind kind, const std::string& message) {
    findings_.push_back(
        {kind, fmt::format("query \"{}\": {}", query_.name, message), query_.place});
  }

  void CheckStartQuery() {
    if (!query_.watermark || query_.watermark->start_query.empty()) return;
    const Result<SqlRows> rows =
        connection_.Query("EXPLAIN " + query_.watermark->start_query, {}, attempt_);
    if (!rows) Add(Finding::Kind::kMistake, rows.error().Within("watermark_start_query").message);
  }

  /// Asks for no rows, which tells the columns all the same. False if the database refuses. With a
  /// condition that never holds the database does not run the query; with LIMIT 0 it would still
  /// compute aggregates.
  bool CheckColumns() {
    const Result<SqlRows> rows =
        connection_.Query("SELECT * FROM (" + StatementOf(query_) + ") AS tocsin_check WHERE false",
                          parameters_, attempt_);
    if (!rows) {
      Add(Finding::Kind::kMistake, rows.error().message);
      return false;
    }
    std::set<std::string> columns;
    for (const auto& metric : query_.metrics) {
      const MetricWords& words = metric->words();
      if (!words.value.empty()) columns.insert(words.value);
      columns.insert(words.labels.begin(), words.labels.end());
    }
    if (query_.watermark) columns.insert(query_.watermark->column);
    if (query_.watermark && !query_.watermark->id.empty()) columns.insert(query_.watermark->id);
    for (const std::string& column : columns) {
      const Result<std::size_t> found = ColumnOf(*rows, column);
      if (!found) Add(Finding::Kind::kMistake, found.error().message);
    }
    return true;
  }

  void CheckScans() {
    const Result<SqlRows> rows = connection_.Query(
        "EXPLAIN (VERBOSE, FORMAT JSON) " + StatementOf(query_), parameters_, attempt_);
    if (!rows) return Add(Finding::Kind::kMistake, rows.error().Within("EXPLAIN").message);
    boost::json::error_code problem;
    const boost::json::value plans =
        boost::json::parse(rows->empty() ? std::string_view() : rows->Text(0, 0), problem);
    std::set<Table> tables;
    if (!problem && plans.is_array()) {
      for (const boost::json::value& plan : plans.get_array()) {
        FindScans(MemberIn(plan, "Plan"), /*is_limited=*/false, tables);
      }
    }
    for (const Table& table : tables) WarnIfBig(table);
  }

  void WarnIfBig(const Table& table) {
    const std::array<SqlParameter, 2> name = {table.first, table.second};
    const Result<SqlRows> rows = connection_.Query(kRowsOfTable, name, attempt_);
    const std::optional<double> size =
        rows && !rows->empty() ? rows->Number(0, 0) : std::optional<double>();
    if (!size || *size < kBigTable) return;
    Add(Finding::Kind::kWarning,
        fmt::format("reads all of {}.{} (about {:.0f} rows) whenever it runs; an index, a "
                    "watermark or a longer interval would spare the database",
                    table.first, table.second, *size));
  }

  const QueryOptions& query_;
  SqlConnection& connection_;
  const Attempt& attempt_;
  std::vector<SqlParameter> parameters_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> CheckPlans(const Settings& settings, SqlConnection& connection,
                                const Attempt& attempt) {
  if (const Result<SqlRows> pong = connection.Query(kPing, {}, attempt); !pong) {
    return {{.message = pong.error().message}};
  }
  std::vector<Finding> findings;
  for (const QueryOptions& query : settings.queries) {
    std::vector<Finding> of_query =
        PlanCheck(query, connection, attempt).Run(settings.source.is_postgres());
    findings.insert(findings.end(), of_query.begin(), of_query.end());
  }
  return findings;
}

}  // namespace tocsin::collectors::sql_queries
