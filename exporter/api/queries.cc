#include "exporter/api/queries.h"

#include <iterator>
#include <utility>

namespace tocsin::api {

Queries::Lease::Lease(Queries& owner, std::shared_ptr<const promql::Engine> engine,
                      std::unique_ptr<promql::PreparedQuery> query)
    : owner_(&owner), engine_(std::move(engine)), query_(std::move(query)) {}

Queries::Lease::~Lease() {
  if (query_ != nullptr) owner_->GiveBack(std::move(engine_), std::move(query_), may_drop_);
}

Queries::Queries(const promql::Engine::Settings& settings, const SampleStore& store,
                 const Clock& clock)
    : store_(store),
      clock_(clock),
      engine_(std::make_shared<const promql::Engine>(settings, store, clock)) {}

void Queries::Configure(const promql::Engine::Settings& settings) {
  auto engine = std::make_shared<const promql::Engine>(settings, store_, clock_);
  Order dropped;
  const MutexLock lock(mutex_);
  engine_ = std::move(engine);
  by_text_.clear();
  kept_series_ = 0;
  dropped.swap(order_);
}

std::variant<Queries::Lease, promql::ParseError> Queries::Prepare(std::string_view text) {
  if (std::optional<Lease> known = Known(text)) {
    known->may_drop_ = true;
    return std::move(*known);
  }
  std::shared_ptr<const promql::Engine> current = engine();
  auto prepared = current->Prepare(text);
  if (auto* const error = std::get_if<promql::ParseError>(&prepared)) return std::move(*error);
  return Lease(*this, std::move(current),
               std::make_unique<promql::PreparedQuery>(
                   std::get<promql::PreparedQuery>(std::move(prepared))));
}

std::optional<Queries::Lease> Queries::Known(std::string_view text) {
  const MutexLock lock(mutex_);
  const auto found = by_text_.find(text);
  if (found == by_text_.end()) return std::nullopt;
  const Order::iterator kept = found->second;
  std::optional<Lease> lease(Lease(*this, std::move(kept->engine), std::move(kept->query)));
  lease->may_drop_ = false;
  by_text_.erase(found);
  kept_series_ -= kept->series;
  order_.erase(kept);
  return lease;
}

std::shared_ptr<const promql::Engine> Queries::engine() const {
  const MutexLock lock(mutex_);
  return engine_;
}

std::size_t Queries::kept() const {
  const MutexLock lock(mutex_);
  return order_.size();
}

void Queries::GiveBack(std::shared_ptr<const promql::Engine> engine,
                       std::unique_ptr<promql::PreparedQuery> query, bool may_drop) {
  const SteadyPoint now = clock_.SteadyNow();
  const std::size_t series = query->KeptSeries();
  Order dropped;
  const MutexLock lock(mutex_);
  // Another engine: the configuration has changed meanwhile.
  if (engine == engine_ && series <= kMostKeptSeries) {
    order_.push_front({std::move(engine), std::move(query), now, series});
    by_text_.emplace(order_.front().query->query().text, order_.begin());
    kept_series_ += series;
  }
  if (may_drop) MoveExcess(now, dropped);
}

void Queries::Expire() {
  const SteadyPoint now = clock_.SteadyNow();
  Order dropped;
  const MutexLock lock(mutex_);
  MoveExcess(now, dropped);
}

void Queries::MoveExcess(SteadyPoint now, Order& dropped) {
  while (order_.size() > kMostKept || kept_series_ > kMostKeptSeries ||
         (!order_.empty() && now - order_.back().since > kLongestKept)) {
    MoveOldest(dropped);
  }
}

void Queries::MoveOldest(Order& to) {
  const auto oldest = std::prev(order_.end());
  const auto [begin, end] = by_text_.equal_range(oldest->query->query().text);
  for (auto entry = begin; entry != end; ++entry) {
    if (entry->second != oldest) continue;
    by_text_.erase(entry);
    break;
  }
  kept_series_ -= oldest->series;
  to.splice(to.end(), order_, oldest);
}

}  // namespace tocsin::api
