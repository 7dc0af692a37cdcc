// Asks a Prometheus over its HTTP API.

#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "rules/promql/block.h"
#include "tests/differential/samples.h"
#include "tests/promqltest/comparison.h"

namespace tocsin::promql {

/// What a Prometheus answered.
struct RemoteAnswer {
  bool refused = false;
  std::string error;  ///< If it refused.
  Found found;        ///< If not.
};

/// One connection, which is kept open. One thread at a time.
class PrometheusClient {
 public:
  /// `url`: such as http://127.0.0.1:9090.
  explicit PrometheusClient(std::string url);
  ~PrometheusClient();
  PrometheusClient(const PrometheusClient&) = delete;
  PrometheusClient& operator=(const PrometheusClient&) = delete;

  /// Sends all samples by remote write.
  Status Write(std::span<const GeneratedSeries> series);
  /// Fails if there is no answer, or none that is understood.
  Result<RemoteAnswer> Query(const std::string& expr, const Steps& steps, bool range);

 private:
  struct Curl;
  Result<std::string> Post(const std::string& path, const std::string& body,
                           std::span<const char* const> headers);

  const std::string url_;
  std::unique_ptr<Curl> curl_;
};

}  // namespace tocsin::promql
