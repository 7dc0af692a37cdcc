// A courier for each destination there is.

#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "notify/courier.h"
#include "notify/delivery_stats.h"
#include "notify/notify_store.h"
#include "notify/receiver.h"

namespace tocsin::notify {

/// Keeps couriers in step with the receivers of the configuration. Safe for concurrent use.
class Couriers {
 public:
  /// `kept` is what waited at the last stop. `store` outlives this.
  Couriers(NotifyStore& store, NotifyStore::Kept& kept);

  /// From now on these are the receivers. A destination that stays keeps its courier; one that is
  /// gone keeps it until what waits there has been sent, as it was configured.
  void Configure(const std::vector<Receiver>& receivers, const SenderParts& parts);

  /// Also one that is leaving: what was decided before a reload is still told. Null if there is no
  /// such destination.
  std::shared_ptr<Courier> Find(const Destination& destination) const;
  /// Of all destinations of the configuration, sorted.
  std::vector<std::shared_ptr<Courier>> All() const;

  /// Lets go of couriers whose destination is gone and who have nothing left to do.
  void DropIdle();

  std::vector<DeliveryStats> stats() const;  ///< Also of those whose destination is gone.

  /// Sends what waits, until `deadline` at most, then ends all requests and threads.
  void Stop(const Clock& clock, SteadyPoint deadline);

 private:
  /// What waits for a destination since the last run, until it is configured.
  struct Waiting {
    std::vector<PendingDelivery> deliveries;
    std::unordered_map<std::string, std::string> memories;
  };

  std::shared_ptr<Courier> FindOrMake(const Destination& destination, const Receiver::Entry& entry,
                                      const SenderParts& parts) TOCSIN_REQUIRES(mutex_);

  NotifyStore& store_;
  mutable Mutex mutex_;
  std::map<Destination, std::shared_ptr<Courier>> couriers_ TOCSIN_GUARDED_BY(mutex_);
  std::map<Destination, std::shared_ptr<Courier>> leaving_ TOCSIN_GUARDED_BY(mutex_);
  std::map<Destination, Waiting> waiting_ TOCSIN_GUARDED_BY(mutex_);
  std::set<Destination> warned_ TOCSIN_GUARDED_BY(mutex_);  ///< That nobody takes what waits.
};

}  // namespace tocsin::notify
