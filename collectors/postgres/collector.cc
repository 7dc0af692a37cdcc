#include "collectors/postgres/collector.h"

#include <array>
#include <chrono>
#include <utility>

#include "collectors/sql/postgres_connection.h"
#include "collectors/sql/postgres_options.h"

namespace tocsin::collectors::postgres {
namespace {

constexpr OptionDesc kTopStatements = {
    "top_statements", "integer", "100",
    "Of how many statements pg_stat_statements_* tell, those that took most time; 0 for none."};
constexpr std::int64_t kMostStatements = 1000;

/// An extension can be created, and a role granted, while a connection lasts; and what a server
/// refused it may allow later.
constexpr Duration kLookAgain = std::chrono::minutes(10);

/// Whether only an operator can help.
bool IsLasting(const Error& error) {
  return error.code == ErrorCode::kNotFound || error.code == ErrorCode::kDenied;
}

}  // namespace

PostgresCollector::PostgresCollector(int top_statements, std::unique_ptr<SqlConnection> connection,
                                     const Environment& environment)
    : connection_(std::move(connection)), environment_(environment) {
  server_.top_statements = top_statements;
  for (const Topic& topic : Topics()) {
    members_.push_back({&topic, std::nullopt, std::nullopt, std::nullopt});
  }
}

Status PostgresCollector::Collect(const Attempt& attempt, Collection& collection) {
  const SteadyPoint now = environment_.clock.SteadyNow();
  if (!identified_at_ || now - *identified_at_ >= kLookAgain) {
    if (Status identified = Identify(attempt); !identified) return identified;
  }
  if (Status read = ReadTopics(attempt, collection); !read) return read;
  if (connection_->generation() != generation_) {
    // The connection was lost on the way, and what was read may come from another server.
    if (Status identified = Identify(attempt); !identified) return identified;
    if (Status read = ReadTopics(attempt, collection); !read) return read;
  }

  if (!sees_all_) {
    collection.parts.push_back(
        {"rights", Error{ErrorCode::kDenied,
                         "the role is no member of pg_monitor or pg_read_all_stats: what "
                         "other roles do is hidden"}});
  }
  for (const Member& member : members_) {
    const std::string name(member.topic->name);
    if (member.error) collection.parts.push_back({name, *member.error});
    if (!member.rows) continue;
    const Status added = AddColumns(*member.rows, member.topic->metrics, collection.points);
    if (!added) collection.parts.push_back({name, added.error()});
  }
  return {};
}

/// Finds out what statements depend on. Whatever was read of another session is forgotten.
Status PostgresCollector::Identify(const Attempt& attempt) {
  const SteadyPoint now = environment_.clock.SteadyNow();
  const Result<SqlRows> rows = connection_->Query(std::string(kIdentify), {}, attempt);
  if (!rows) return rows.error();
  if (rows->size() != 1 || rows->columns() != 4 || !rows->Integer(0, 0)) {
    return Error{ErrorCode::kCorrupt, "the server does not tell its version"};
  }
  server_.version = static_cast<int>(*rows->Integer(0, 0));
  sees_all_ = rows->Text(0, 1) == "t";
  server_.statements_version = ExtensionVersion(rows->Text(0, 2));
  server_.statements_schema = rows->Text(0, 3);
  if (connection_->generation() != generation_) {
    for (Member& member : members_)
      member = {member.topic, std::nullopt, std::nullopt, std::nullopt};
  }
  generation_ = connection_->generation();
  identified_at_ = now;
  return {};
}

bool PostgresCollector::IsDue(const Member& member, SteadyPoint now) const {
  if (!member.read_at) return true;
  Duration wait = member.topic->every;
  if (member.error) wait = IsLasting(*member.error) ? kLookAgain : Duration(0);
  return now - *member.read_at >= wait;
}

Status PostgresCollector::ReadTopics(const Attempt& attempt, Collection& collection) {
  for (Member& member : members_) {
    const SteadyPoint now = environment_.clock.SteadyNow();
    if (!IsDue(member, now)) continue;
    Result<SqlRows> rows = Read(*member.topic, attempt, collection);
    if (!rows && EndsCollection(attempt)) {
      return rows.error().Within(std::string(member.topic->name));
    }
    member.read_at = now;
    member.error = rows ? std::nullopt : std::optional(rows.error());
    member.rows = rows ? std::optional(std::move(*rows)) : std::nullopt;
  }
  return {};
}

/// No rows where the server has no such thing. The first topic also tells the server's clock.
Result<SqlRows> PostgresCollector::Read(const Topic& topic, const Attempt& attempt,
                                        Collection& collection) {
  const std::string statement = topic.statement(server_);
  if (statement.empty()) return SqlRows(std::size_t{0});
  const TimePoint sent = environment_.clock.Now();
  const SteadyPoint steady_sent = environment_.clock.SteadyNow();
  Result<SqlRows> rows = connection_->Query(statement, {}, attempt);
  if (!rows) return rows;
  const std::optional<std::size_t> clock = rows->Find(kClockColumn);
  const std::optional<double> seconds =
      clock && !rows->empty() ? rows->Number(0, *clock) : std::nullopt;
  if (seconds) {
    const Duration half = (environment_.clock.SteadyNow() - steady_sent) / 2;
    collection.clock_skew_seconds = *seconds - UnixSeconds(sent + half);
  }
  return rows;
}

bool PostgresCollector::EndsCollection(const Attempt& attempt) const {
  return IsOver(attempt) || !connection_->is_open();
}

std::span<const MetricDesc> Metrics() {
  static const std::vector<MetricDesc> kAll = [] {
    std::vector<MetricDesc> all;
    for (const Topic& topic : Topics()) {
      for (const ColumnMetric& metric : topic.metrics) all.push_back(metric.desc);
    }
    return all;
  }();
  return kAll;
}

std::span<const OptionDesc> Options() {
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> all(kPostgresOptions.begin(), kPostgresOptions.end());
    all.push_back(kTopStatements);
    return all;
  }();
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  static const YamlNode kDefaults;
  const YamlNode* const node = options.Node("postgres");
  YamlMap map(node == nullptr ? kDefaults : *node, options.diagnostics());
  const PostgresOptions postgres = ReadPostgresOptions(map);
  const auto top = static_cast<int>(options.IntegerOr("top_statements", 100, 0, kMostStatements));
  return [postgres, top](const Environment& environment) {
    return std::make_unique<PostgresCollector>(top, std::make_unique<PostgresConnection>(postgres),
                                               environment);
  };
}

}  // namespace tocsin::collectors::postgres
