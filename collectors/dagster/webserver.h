// What Dagster's webserver tells: that it answers, and what only GraphQL knows.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/metric.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/dagster/graphql.h"
#include "collectors/dagster/source.h"
#include "collectors/http/target.h"

namespace tocsin::collectors::dagster {

struct WebserverOptions {
  HttpTarget target = {};
  /// The least time between two GraphQL queries: they run in the webserver's own process.
  Duration graphql_interval = std::chrono::minutes(1);
  /// The daemons that this installation must run, to compare with what Dagster says.
  std::vector<std::string> required_daemons = {};
};

/// Asks `/server_info` in each collection. Dagster answers every path with 200 and a page of HTML,
/// so that only its JSON counts as up; else the source has failed, and says so with
/// dagster_webserver_up 0.
///
/// While it is up, GraphQL is asked one question every `graphql_interval`, whether or not the last
/// one was answered; the answer's points stand until the next is due, except while the webserver is
/// down. What could not be read of it is reported as the part "graphql". One thread at a time.
class WebserverSource final : public Source {
 public:
  /// `clock` outlives the source.
  WebserverSource(WebserverOptions options, const Clock& clock);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  Result<std::string> ReadVersion(const Attempt& attempt);
  Status AskGraphql(const Attempt& attempt);
  void PublishFacts(Collection& collection) const;
  void PublishRequired(Collection& collection) const;

  const WebserverOptions options_;
  const Clock& clock_;
  ParallelHttpClient client_;
  std::optional<SteadyPoint> asked_at_;
  Status graphql_;                     // Of the last question.
  std::optional<GraphqlFacts> facts_;  // Of the last answer, if it was one.
};

std::span<const MetricDesc> WebserverMetrics();

}  // namespace tocsin::collectors::dagster
