// Who holds the lease of Dagster's daemon, in Kubernetes.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/metric.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/dagster/source.h"
#include "collectors/kubernetes/api_server.h"
#include "collectors/moment.h"

namespace tocsin::collectors::dagster {

struct LeaderOptions {
  kubernetes::ApiServerOptions server = {};
  std::string name_space = {};  ///< Empty: that of tocsin's own service account.
  std::string lease = "dagster-daemon-leader";
  /// Whether there must be a lease. If not, and there is none, nothing is said about it.
  bool is_ha = false;
};

/// A Lease object, as far as it is filled in.
struct Lease {
  std::string holder;  ///< Empty: it was given up.
  std::optional<Moment> renewed;
  std::optional<double> duration_seconds;
  std::optional<double> transitions;
};

/// Reads a coordination.k8s.io/v1 Lease. Fails with kCorrupt if it is none.
Result<Lease> ParseLease(const boost::json::object& object);

/// Gets one Lease from the API server, in each collection. Its age is taken by the server's clock.
/// One thread at a time.
class LeaderSource final : public Source {
 public:
  /// `clock` outlives the source.
  LeaderSource(LeaderOptions options, const Clock& clock);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  Result<std::string> LeasePath() const;
  void Publish(const Lease& lease, Moment now, Collection& collection) const;

  const LeaderOptions options_;
  const Clock& clock_;
  const std::unique_ptr<kubernetes::ApiServer> server_;
};

std::span<const MetricDesc> LeaderMetrics();

}  // namespace tocsin::collectors::dagster
