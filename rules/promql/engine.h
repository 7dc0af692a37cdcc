// Evaluates PromQL against the store.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"
#include "rules/promql/parser.h"
#include "rules/storage/sample_store.h"

namespace tocsin::promql {

class QuerySlots;
class SharedResults;
class WindowAllowance;

/// Why a query has no result; names are those of Prometheus' API (`errorType`).
struct QueryError {
  enum class Kind { kBadData, kExecution, kTimeout, kCanceled, kUnavailable };
  Kind kind;
  std::string message;
  /// The innermost part of the expression that could not be evaluated. None if that is not due to
  /// one part: the time is over, or only the result as a whole is none.
  std::optional<Position> position = std::nullopt;
};
/// "bad_data", "execution", "timeout", "canceled", "unavailable".
std::string_view Name(QueryError::Kind kind);

/// What a query found. Instant queries: ScalarColumn of one value, Block of one step, RangeBlock,
/// or string. Range queries: Block, its series sorted by labels (a scalar expression gives one
/// series without labels). Labels are final, no two series have the same, and series may have no
/// value at all: they are not part of the result.
struct QueryResult {
  Operand value;
  Steps steps;
  std::set<std::string> warnings = {};
  std::set<std::string> infos = {};
  std::size_t samples = 0;       ///< How many samples were read from the store.
  std::size_t peak_samples = 0;  ///< How many values were held at once, as max_samples counts.
};
struct QueryOutcome {
  std::variant<QueryResult, QueryError> state;

  explicit operator bool() const { return state.index() == 0; }
  const QueryResult& operator*() const { return std::get<0>(state); }
  const QueryResult* operator->() const { return &std::get<0>(state); }
  const QueryError& error() const { return std::get<1>(state); }
};

/// An expression, with what evaluating it has found out about the store's series: which ones its
/// selectors match, how they group and join. The more often it is evaluated, the less work remains.
/// One thread at a time. Must not outlive its engine.
class PreparedQuery {
 public:
  ~PreparedQuery();
  PreparedQuery(PreparedQuery&&) noexcept;
  PreparedQuery& operator=(PreparedQuery&&) noexcept;
  const Query& query() const;
  /// How many series its selectors hold on to: what it takes is some 30 bytes for each.
  std::size_t KeptSeries() const;
  /// From now on instant queries share the results of their parts with all others that do so with
  /// the same `results`. All of them belong to the same thread and engine.
  void Share(std::shared_ptr<SharedResults> results);

 private:
  friend class Engine;
  struct State;
  explicit PreparedQuery(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Evaluates expressions over a store. At most Settings::max_concurrency queries run at once;
/// others wait for them, and the wait counts against their timeout.
///
/// Safe for concurrent use. The store and the clock must outlive it.
class Engine {
 public:
  struct Settings {
    Duration lookback{5 * 60'000};
    Duration timeout{2 * 60'000};
    std::size_t max_samples = 50'000'000;
    std::size_t max_concurrency = 20;
    Duration default_subquery_step{60'000};  ///< global.evaluation_interval.
    /// Of kept windows, see Options::keep_windows; all queries together.
    std::size_t max_window_bytes = std::size_t{128} << 20;
    bool experimental = false;
    Features features;

    friend bool operator==(const Settings&, const Settings&) = default;
  };
  /// Of one evaluation. Zero lookback or timeout: the engine's; a longer timeout than the engine's
  /// counts as the engine's.
  struct Options {
    Duration lookback{0};
    Duration timeout{0};
    std::stop_token stop = {};
    /// Of a range query: the end that was asked for, on which no step need lie. end() and range()
    /// tell of it. By default the last step.
    std::optional<Millis> end = std::nullopt;
    /// Of an instant query that will come again and again with a time that moves on: keep the
    /// samples of its range selectors, as far as there is room, so that the next time only new ones
    /// need be read. The result is the same. They are given back with the query.
    bool keep_windows = false;
  };

  Engine(Settings settings, const SampleStore& store, const Clock& clock);
  ~Engine();

  std::variant<PreparedQuery, ParseError> Prepare(std::string_view text) const;

  /// May wait for other queries. Fails as QueryError says: kBadData for durations out of bounds and
  /// for expressions that have no such kind of result.
  QueryOutcome Instant(PreparedQuery& query, Millis at, const Options& options) const;
  /// The same for a thread that must not wait: nothing, unless the query is small (small_query.h)
  /// and need not look for its series again. Does not count among the queries that run at once.
  std::optional<QueryOutcome> InstantAtOnce(PreparedQuery& query, Millis at,
                                            const Options& options) const;
  /// `steps.count` at least 1. The caller limits the number of steps.
  QueryOutcome Range(PreparedQuery& query, const Steps& steps, const Options& options) const;

  /// What kept windows take.
  std::size_t WindowBytes() const;

  const Settings& settings() const { return settings_; }

 private:
  QueryOutcome Run(PreparedQuery::State& query, const Steps& steps, bool is_range,
                   const Options& options) const;
  SteadyPoint DeadlineOf(const Options& options) const;
  /// What an evaluation begins with, beside its query.
  struct Start {
    Steps steps;
    bool is_range = false;
    SteadyPoint deadline;
    std::uint64_t generation = 0;  ///< Of the store.
  };
  QueryOutcome Evaluate(PreparedQuery::State& query, const Start& start,
                        const Options& options) const;

  Settings settings_;
  const SampleStore& store_;
  const Clock& clock_;
  std::unique_ptr<QuerySlots> slots_;
  std::shared_ptr<WindowAllowance> window_allowance_;
};

}  // namespace tocsin::promql
