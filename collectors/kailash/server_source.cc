#include "collectors/kailash/server_source.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "collectors/kailash/part_reports.h"
#include "collectors/prometheus/page.h"

namespace tocsin::collectors::kailash {
namespace {

constexpr int kNotFound = 404;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kServerError = 500;

/// Whether the trouble is between us and the server, or the server's own, as opposed to ours.
bool IsNoAnswer(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout ||
         error.code == ErrorCode::kCorrupt || error.code == ErrorCode::kTooLarge;
}

bool IsHtml(const HttpAnswer& answer) {
  return LowerCase(answer.Header("Content-Type")).starts_with("text/html");
}

/// Success for a status of 2xx.
Status CheckStatus(const HttpAnswer& answer) {
  if (answer.ok()) return {};
  const bool is_denied = answer.status == kUnauthorized || answer.status == kForbidden;
  return Error{is_denied ? ErrorCode::kDenied : ErrorCode::kUnavailable,
               fmt::format("the server answers with status {}", answer.status)};
}

/// Adds up series of the same buckets.
void AddTo(std::optional<PageHistogram::Series>& sum, const PageHistogram::Series& series) {
  if (!sum) {
    sum = series;
    return;
  }
  for (std::size_t i = 0; i < series.counts.size(); ++i) sum->counts[i] += series.counts[i];
  sum->sum += series.sum;
}

void PublishHistogram(MetricSink& points, const MetricDesc& metric,
                      const PageHistogram& histogram) {
  for (const auto& [label, series] : histogram.series) {
    points.AddHistogram(metric, {label}, {series.counts, series.sum});
  }
}

}  // namespace

void ServerSource::Read(const Attempt& attempt) {
  up_.reset();
  no_answer_.reset();
  health_ = {};
  page_ = {};
  workflows_.EmptyEntries();
  pools_.clear();
  parts_.clear();
  ReadHealth(attempt);
  ReadPage(attempt);
  ReadPools(attempt);
  for (Probe& probe : probes_) ReadProbe(probe, attempt);
}

Result<HttpAnswer> ServerSource::Get(const std::string& url, const Attempt& attempt) {
  return client_->Send({.url = url}, attempt);
}

void ServerSource::ReadHealth(const Attempt& attempt) {
  const Result<HttpAnswer> answer = Get(urls_.base + "/health", attempt);
  if (!answer) {
    if (IsNoAnswer(answer.error())) up_ = 0;
    no_answer_ = answer.error();
    return;
  }
  up_ = answer->status < kServerError ? 1 : 0;
  if (answer->status == kNotFound) return;  // An application of another make.
  Status status = CheckStatus(*answer);
  if (status) {
    Result<HealthAnswer> health = ParseHealthAnswer(answer->body);
    if (health) {
      health_ = std::move(*health);
    } else {
      status = health.error();
    }
  }
  if (!status) AddPartError(parts_, "health", status.error());
}

/// Whether asking at `url` is in vain: it is where the last request got no answer.
bool ServerSource::IsUnreachable(const std::string& url) const {
  return no_answer_ && HttpOrigin(url) == HttpOrigin(urls_.base);
}

void ServerSource::ReadPage(const Attempt& attempt) {
  page_status_ = {};
  if (IsUnreachable(urls_.page)) {
    page_status_ = *no_answer_;
    return;
  }
  Result<HttpAnswer> answer = client_->Send(PageRequest(urls_.page), attempt);
  const Status good = answer ? CheckPageAnswer(*answer) : Status(answer.error());
  const Result<Page> page = good ? ParsePage(TakePageText(*answer)) : Result<Page>(good.error());
  if (!page) {
    page_status_ = page.error().Within("the page of metrics");
    return;
  }
  if (page->faults.bad_lines > 0) {
    AddPartError(parts_, "page",
                 {ErrorCode::kCorrupt, fmt::format("{} lines of the page make no sense, first {}",
                                                   page->faults.bad_lines, page->faults.first)});
  }
  page_ = FactsOf(*page);
  AddUpWorkflows();
  duration_.bounds = page_.durations.bounds;
  pool_wait_.bounds = page_.pool_waits.bounds;
}

void ServerSource::AddUpWorkflows() {
  for (const auto& [workflow, counts] : page_.workflows) {
    std::optional<WorkflowCounts>& sum = workflows_.Of(workflow).counts;
    if (!sum) sum.emplace();
    sum->succeeded += counts.succeeded;
    sum->failed += counts.failed;
  }
  for (const auto& [workflow, series] : page_.durations.series) {
    AddTo(workflows_.Of(workflow).duration, series);
  }
}

void ServerSource::ReadPools(const Attempt& attempt) {
  pools_ = page_.pools;
  for (const auto& [pool, report] : pools_) {
    if (report.active) return;
  }
  // A server that is too slow for its page is not asked for the same again.
  const bool is_slow = !page_status_ && page_status_.error().code == ErrorCode::kTimeout;
  if (no_answer_ || is_slow) return;
  const Result<HttpAnswer> answer = Get(urls_.base + "/connections/metrics", attempt);
  if (answer && answer->status == kNotFound) return;  // A version without that route.
  const Status status = answer ? CheckStatus(*answer) : answer.error();
  const Result<PoolAnswer> pools =
      status ? ParsePoolAnswer(answer->body) : Result<PoolAnswer>(status.error());
  if (!pools) {
    AddPartError(parts_, "pools", pools.error());
    return;
  }
  FillIn(pools_, pools->pools);
  if (!pools->failed.empty()) {
    AddPartError(parts_, "pools",
                 {ErrorCode::kUnavailable,
                  fmt::format("the server cannot ask its pool {}", pools->failed.front())});
  }
}

void ServerSource::ReadProbe(Probe& probe, const Attempt& attempt) {
  probe.value.reset();
  const std::string url = urls_.probes + std::string(probe.path);
  const Result<HttpAnswer> answer =
      IsUnreachable(url) ? Result<HttpAnswer>(*no_answer_) : Get(url, attempt);
  if (!answer) {
    // Cut off for want of time, it says nothing of the server.
    const bool is_cut_off = !IsUnreachable(url) && IsOver(attempt);
    if (is_cut_off || !IsNoAnswer(answer.error())) {
      AddPartError(parts_, probe.part, answer.error());
    } else if (probe.is_offered) {
      probe.value = 0;
    }
    return;
  }
  const Status status = CheckStatus(*answer);
  probe.is_offered = answer->status != kNotFound;
  if (!probe.is_offered) return;
  if (answer->ok() && IsHtml(*answer)) {
    // Something that answers any path with a page for browsers.
    AddPartError(parts_, probe.part, {ErrorCode::kCorrupt, "the probe is answered with HTML"});
  } else if (!status && status.error().code == ErrorCode::kDenied) {
    AddPartError(parts_, probe.part, status.error());
  } else {
    probe.value = status ? 1 : 0;
  }
}

void ServerSource::Report(Collection& collection) const {
  collection.sources.push_back({"http", page_status_});
  collection.sources.push_back({"probes", up_ ? Status() : Status(*no_answer_)});
  for (const SourceReport& part : parts_) AddPart(collection.parts, part);
}

void ServerSource::Publish(MetricSink& points, WorkflowSource source) const {
  if (up_) points.Add(kUp, {}, *up_);
  for (const Probe& probe : probes_) {
    if (probe.value) points.Add(probe.metric, {}, *probe.value);
  }
  for (const auto& [workflow, healthy] : health_.workflows) {
    points.Add(kWorkflowHealthy, {workflow}, healthy ? 1 : 0);
  }
  for (const auto& [server, healthy] : health_.mcp_servers) {
    points.Add(kMcpServerHealthy, {server}, healthy ? 1 : 0);
  }
  if (source == WorkflowSource::kPage) PublishWorkflows(points);
  PublishErrors(points);
  for (const auto& [node, errors] : page_.node_errors) points.Add(kNodeErrors, {node}, errors);
  PublishHistogram(points, pool_wait_, page_.pool_waits);
}

void ServerSource::PublishWorkflows(MetricSink& points) const {
  for (const auto& [workflow, page] : workflows_.entries()) {
    if (page.counts) {
      points.Add(kWorkflows, {workflow}, page.counts->succeeded + page.counts->failed);
      points.Add(kWorkflowSuccesses, {workflow}, page.counts->succeeded);
      points.Add(kErrors, {"workflow_failed", workflow}, page.counts->failed);
    }
    if (page.duration) {
      points.AddHistogram(duration_, {workflow}, {page.duration->counts, page.duration->sum});
    }
  }
}

void ServerSource::PublishErrors(MetricSink& points) const {
  std::optional<double> exhaustions;
  for (const auto& [pool, report] : pools_) {
    if (report.exhaustions) exhaustions = exhaustions.value_or(0) + *report.exhaustions;
  }
  if (exhaustions) points.Add(kErrors, {"pool_exhausted", ""}, *exhaustions);
  if (page_.connection_timeouts) {
    points.Add(kErrors, {"connection_timeout", ""}, *page_.connection_timeouts);
  }
}

}  // namespace tocsin::collectors::kailash
