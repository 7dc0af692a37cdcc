#include "collectors/sql_queries/collector.h"

#include <algorithm>
#include <string>
#include <utility>

#include "collectors/json_member.h"
#include "collectors/sql_queries/options.h"
#include "collectors/sql_queries/plan_check.h"

namespace tocsin::collectors::sql_queries {
namespace {

/// Asks nothing of the database but that it is there.
const std::string kPing = "SELECT 1";

}  // namespace

SqlCollector::SqlCollector(std::shared_ptr<const Settings> settings,
                           std::unique_ptr<SqlConnection> connection,
                           const Environment& environment)
    : settings_(std::move(settings)),
      connection_(std::move(connection)),
      environment_(environment),
      state_(environment.state_file, environment.log),
      state_error_(Error{ErrorCode::kUnavailable, "not read yet"}) {
  readers_.reserve(settings_->queries.size());
  for (const QueryOptions& query : settings_->queries) {
    readers_.emplace_back(query, settings_->max_series);
  }
}

Status SqlCollector::Collect(const Attempt& attempt, Collection& collection) {
  if (state_error_) TakeUpState();
  if (Status read = ReadQueries(attempt); !read) return read;

  // Counters are on disk before anybody sees them: after a crash they cannot fall. A full disk must
  // not stop the metrics, though. Its reason is `other`: the trouble is this host's.
  if (Status saved = SaveState(); !saved) {
    collection.parts.push_back(
        {std::string(kStatePart), Error{ErrorCode::kInvalidInput, saved.error().message}});
  }
  for (const QueryReader& reader : readers_) {
    if (IsHeldBack(reader)) continue;
    if (reader.error()) {
      collection.parts.push_back({.source = std::string(reader.name()),
                                  .status = *reader.error(),
                                  .metrics = reader.MissingMetrics()});
    }
    reader.Publish(collection.points);
  }
  return {};
}

/// The state is that of a database: another one that the configuration comes to name starts anew.
void SqlCollector::TakeUpState() {
  const Result<boost::json::object> saved = state_.Load(settings_->source.Name());
  state_error_ = saved ? std::nullopt : std::optional(saved.error());
  if (!saved) return;
  const SteadyPoint now = environment_.clock.SteadyNow();
  for (QueryReader& reader : readers_) reader.Restore(MemberIn(*saved, reader.name()), now);
}

Status SqlCollector::ReadQueries(const Attempt& attempt) {
  bool asked = false;
  for (QueryReader& reader : readers_) {
    const SteadyPoint now = environment_.clock.SteadyNow();
    if (IsHeldBack(reader) || !reader.IsDue(now)) continue;
    asked = true;
    const Status read = reader.Read(*connection_, attempt, now);
    if (read) continue;
    if (IsOver(attempt) || !connection_->is_open()) {
      return read.error().Within(std::string(reader.name()));
    }
  }
  if (asked) return {};
  const Result<SqlRows> pong = connection_->Query(kPing, {}, attempt);
  if (!pong) return pong.error();
  return {};
}

Status SqlCollector::SaveState() {
  if (std::none_of(readers_.begin(), readers_.end(),
                   [](const QueryReader& reader) { return reader.HasTotals(); })) {
    return {};
  }
  if (state_error_) return *state_error_;
  boost::json::object parts;
  for (const QueryReader& reader : readers_) {
    boost::json::object saved = reader.Save();
    if (!saved.empty()) parts[reader.name()] = std::move(saved);
  }
  return state_.Save(settings_->source.Name(), parts);
}

std::vector<Finding> SqlCollector::Check(const Attempt& attempt) {
  return CheckPlans(*settings_, *connection_, attempt);
}

MakeCollector Configure(YamlMap& options) {
  const std::shared_ptr<const Settings> settings = ReadSettings(options);
  return [settings](const Environment& environment) {
    return std::make_unique<SqlCollector>(settings, MakeConnection(settings->source), environment);
  };
}

}  // namespace tocsin::collectors::sql_queries
