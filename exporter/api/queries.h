// The engine as the HTTP API uses it: the one of the configuration in force, and its prepared
// queries.

#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "base/clock.h"
#include "base/mutex.h"
#include "rules/promql/engine.h"
#include "rules/storage/sample_store.h"

namespace tocsin::api {

/// Hands out prepared queries, each to one user at a time, and keeps those that came back: a query
/// that is asked again, as dashboards do, need not find its series again. The oldest ones go when
/// there are too many, or when nobody has asked for them for a while.
///
/// Safe for concurrent use.
class Queries {
 public:
  static constexpr std::size_t kMostKept = 200;
  /// Of all kept queries together, see PreparedQuery::KeptSeries().
  static constexpr std::size_t kMostKeptSeries = 2'000'000;
  static constexpr Duration kLongestKept = std::chrono::minutes(5);

  /// `store` and `clock` outlive this.
  Queries(const promql::Engine::Settings& settings, const SampleStore& store, const Clock& clock);

  /// Sets the engine's settings for all queries that begin from now on.
  void Configure(const promql::Engine::Settings& settings);

  /// A prepared query, and the engine that it must be evaluated with.
  class Lease {
   public:
    ~Lease();
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;

    promql::PreparedQuery& query() { return *query_; }
    const promql::Engine& engine() const { return *engine_; }

   private:
    friend class Queries;
    Lease(Queries& owner, std::shared_ptr<const promql::Engine> engine,
          std::unique_ptr<promql::PreparedQuery> query);
    Queries* owner_;
    std::shared_ptr<const promql::Engine> engine_;
    std::unique_ptr<promql::PreparedQuery> query_;
    bool may_drop_ = true;  ///< Whether giving it back may drop others, which may be large.
  };
  std::variant<Lease, promql::ParseError> Prepare(std::string_view text);
  /// The same if it was kept; for threads that must not wait. Cheap, also to give back.
  std::optional<Lease> Known(std::string_view text);

  std::shared_ptr<const promql::Engine> engine() const;
  std::size_t kept() const;

  /// Drops what has been kept for too long. To be called now and then.
  void Expire();

  /// Cancels the queries that run, and those that come.
  void Cancel() { cancel_.request_stop(); }
  std::stop_token cancelled() const { return cancel_.get_token(); }

 private:
  struct Kept {
    std::shared_ptr<const promql::Engine> engine;  ///< Before the query, which must not outlive it.
    std::unique_ptr<promql::PreparedQuery> query;
    SteadyPoint since;
    std::size_t series = 0;
  };
  using Order = std::list<Kept>;  ///< Those that came back last in front.

  void GiveBack(std::shared_ptr<const promql::Engine> engine,
                std::unique_ptr<promql::PreparedQuery> query, bool may_drop);
  void MoveOldest(Order& to) TOCSIN_REQUIRES(mutex_);
  /// Moves what must go to `dropped`, which is to be freed without the lock.
  void MoveExcess(SteadyPoint now, Order& dropped) TOCSIN_REQUIRES(mutex_);

  const SampleStore& store_;
  const Clock& clock_;
  std::stop_source cancel_;
  mutable Mutex mutex_;
  std::size_t kept_series_ TOCSIN_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const promql::Engine> engine_ TOCSIN_GUARDED_BY(mutex_);
  Order order_ TOCSIN_GUARDED_BY(mutex_);
  /// By the text of the query, which the query owns. The same text may be there several times.
  std::unordered_multimap<std::string_view, Order::iterator> by_text_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin::api
