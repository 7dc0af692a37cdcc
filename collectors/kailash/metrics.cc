#include "collectors/kailash/metrics.h"

namespace tocsin::collectors::kailash {

std::span<const MetricDesc> Metrics() {
  static constexpr std::array kAll = {
      kUp,
      kLive,
      kReady,
      kWorkflowHealthy,
      kMcpServerHealthy,
      kWorkflows,
      kWorkflowSuccesses,
      kErrors,
      kDuration,
      kNodeErrors,
      kBreakerState,
      kBreakerOpen,
      kBreakerFailures,
      kBreakerLastFailure,
      kBreakerTtl,
      kPoolActive,
      kPoolMax,
      kPoolAvailable,
      kPoolIdle,
      kPoolExhaustions,
      kPoolWait,
      kQueueDepth,
      kQueueOldestAge,
      kQueueDead,
      kWorkers,
      kWorkersAlive,
      kHeartbeatAge,
      kExecutionsPending,
      kExecutionsOldest,
      kExecutionsLost,
      kDlqItems,
  };
  return kAll;
}

}  // namespace tocsin::collectors::kailash
