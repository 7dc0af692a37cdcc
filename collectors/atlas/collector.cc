#include "collectors/atlas/collector.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/number.h"
#include "collectors/atlas/metrics.h"
#include "collectors/atlas/readiness.h"
#include "collectors/http/round.h"

namespace tocsin::collectors::atlas {
namespace {

/// As the deployment's own probes. Source: Atlas' guide to production deployment.
constexpr std::chrono::seconds kProbeTimeout{5};

/// An attempt that ends after `share` of what time is left.
Attempt ShareOf(const Attempt& attempt, double share) {
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  const double left = Seconds(attempt.deadline - now) * share;
  return {now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(left)),
          attempt.stop};
}

/// The family called `name`, or an empty one.
PageFamily Copy(const Page& page, std::string_view name) {
  const PageFamily* const family = page.Find(name);
  return family == nullptr ? PageFamily{} : *family;
}

/// A method that never failed has no series of failures, and then a ratio of the two is empty: adds
/// one at 0.
void AddZeroErrors(PageFamily& requests) {
  std::set<std::string> failed;
  std::set<std::string> succeeded;
  for (const PageSample& sample : requests.samples) {
    const std::string_view status = sample.Label("status");
    if (status == "error") failed.emplace(sample.Label("method"));
    if (status == "success") succeeded.emplace(sample.Label("method"));
  }
  for (const std::string& method : succeeded) {
    if (failed.contains(method)) continue;
    requests.samples.push_back(
        {.name = requests.name, .labels = {{"method", method}, {"status", "error"}}, .value = 0});
  }
}

/// Whether a family may be passed on as `metric`: a page need not give types to counters and
/// gauges.
bool Fits(const PageFamily& family, const MetricDesc& metric) {
  return family.type == metric.type ||
         (family.type == MetricType::kUnknown && metric.type != MetricType::kHistogram);
}

/// Kong's requests by status, and what there is to say about the page. Kong 3 leaves the status out
/// unless it is told otherwise.
/// Source: Kong's documentation, Prometheus plugin; kong_http_status is the name of Kong 2.
Status CountByCode(const Page& page, std::map<std::string, double, std::less<>>& by_code) {
  const PageFamily* requests = page.Find("kong_http_requests_total");
  if (requests == nullptr) requests = page.Find("kong_http_status");
  if (requests == nullptr) {
    return Error{ErrorCode::kNotFound,
                 "no kong_http_requests_total: status_code_metrics of Kong's prometheus plugin is "
                 "off, or Kong has served no request yet"};
  }
  for (const PageSample& sample : requests->samples) {
    const std::string_view code = sample.Label("code");
    if (code.size() == 3) by_code[std::string(code)] += sample.value;
  }
  return CheckFaults(page.faults);
}

/// The field used_memory of the answer to INFO.
Result<double> UsedMemory(const RedisReply& info) {
  if (Status good = CheckReply(info, RedisReply::Kind::kText, "INFO memory"); !good) {
    return good.error();
  }
  constexpr std::string_view kField = "used_memory:";
  const std::string_view text = info.text;
  const std::size_t at = text.find(kField);
  const std::string_view rest = at == std::string_view::npos ? "" : text.substr(at + kField.size());
  const std::optional<double> used = ParseNumber(rest.substr(0, rest.find_first_of("\r\n")));
  if (!used) return Error{ErrorCode::kCorrupt, "INFO memory: no number used_memory"};
  return *used;
}

}  // namespace

std::span<const MetricDesc> Metrics() {
  static const std::vector<MetricDesc> kAll = [] {
    std::vector<MetricDesc> all(kPassed.begin(), kPassed.end());
    all.insert(all.end(), kOwn.begin(), kOwn.end());
    return all;
  }();
  return kAll;
}

AtlasCollector::AtlasCollector(Settings settings, const Environment& environment)
    : settings_(std::move(settings)),
      environment_(environment),
      finder_(settings_.pods, environment),
      passed_(kOwn),
      nginx_(settings_.nginx, environment) {
  if (settings_.database) database_.emplace(*settings_.database);
  if (settings_.redis) redis_ = MakeRedisConnection(*settings_.redis);
}

Status AtlasCollector::Collect(const Attempt& attempt, Collection& collection) {
  const int others = (redis_ ? 1 : 0) + (database_ ? 1 : 0);
  const Attempt http = others == 0 ? attempt : ShareOf(attempt, 0.5);
  collection.sources.push_back({"pods", CollectHttp(http, collection)});
  if (attempt.stop.stop_requested()) return Error{ErrorCode::kUnavailable, "stopped"};
  if (redis_) {
    const Attempt share = ShareOf(attempt, database_ ? 0.5 : 0.8);
    collection.sources.push_back({"redis", CollectRedis(share, collection.points)});
  }
  if (database_) {
    const Attempt share = ShareOf(attempt, 0.8);
    collection.sources.push_back({"postgres", database_->Read(share, collection.points)});
    // Of none, the most would be 0, and any use of it too much.
    if (pod_count_ > 0) {
      collection.points.Add(kPoolMax, {}, database_->MostConnections(pod_count_));
    }
  }
  nginx_.Collect(attempt, collection);
  return {};
}

Status AtlasCollector::CollectHttp(const Attempt& attempt, Collection& collection) {
  Result<std::vector<Pod>> pods = finder_.Find(attempt, collection);
  if (!pods) return pods.error();
  pod_count_ = pods->size();
  std::erase_if(memories_, [&](const auto& memory) {
    return std::none_of(pods->begin(), pods->end(),
                        [&](const Pod& pod) { return pod.name == memory.first; });
  });
  const Duration timeout = std::min<Duration>(kProbeTimeout, TimeForRequests(attempt));
  HttpRound round;
  std::vector<PodQuestions> asked;
  asked.reserve(pods->size());
  for (Pod& pod : *pods) {
    asked.emplace_back(std::move(pod), settings_.pods->http,
                       PodQuestions::Timeouts{timeout, timeout}, round);
  }
  std::optional<std::size_t> kong;
  if (settings_.kong) {
    kong = round.Add({settings_.kong->settings, PageRequest(settings_.kong->url), timeout});
  }
  round.Send(client_, attempt.stop);
  if (attempt.stop.stop_requested()) return Error{ErrorCode::kUnavailable, "stopped"};
  for (const PodQuestions& pod : asked) Take(pod, collection);
  passed_.Finish(collection.points);
  if (kong) {
    collection.sources.push_back({"kong", TakeKong(round.At(*kong), collection)});
  }
  return {};
}

void AtlasCollector::Take(const PodQuestions& asked, Collection& collection) {
  const std::string& pod = asked.pod().name;
  MetricSink& points = collection.points;
  Memory& memory = memories_[pod];
  points.Add(kHealthy, {pod}, IsGood(asked.health()) ? 1 : 0);
  points.Add(kProbeDuration, {pod, "health"}, SecondsOf(asked.health()));
  points.Add(kProbeDuration, {pod, "ready"}, SecondsOf(asked.ready()));
  const bool is_intended = TakeReadiness(pod, asked.ready(), points);
  std::vector<SourceReport> unread;
  const std::optional<Page> page = TakePages(asked, memory, unread);
  points.Add(kUp, {pod}, page ? 1 : 0);
  points.Add(kFlaps, {pod}, static_cast<double>(memory.flaps));
  const bool all_read = unread.empty();
  if (!is_intended) {
    std::move(unread.begin(), unread.end(), std::back_inserter(collection.parts));
  }
  if (!page) return;
  if (Status faults = CheckFaults(page->faults); !faults) {
    collection.parts.push_back({"page of " + pod, std::move(faults)});
  }
  PassOn(pod, *page, collection);
  // None yet are 0 requests: or the first ones would be missed. What may stand on a page that was
  // not read is not known.
  if (const PageFamily* const requests = page->Find(kRequests.name); requests != nullptr) {
    if (Fits(*requests, kRequests)) PublishRate(pod, requests->samples, memory, points);
  } else if (all_read) {
    PublishRate(pod, {}, memory, points);
  }
}

/// Whether the pod is in maintenance, and so serves no metrics either. While it does not answer,
/// nobody knows that, or what it depends on.
bool AtlasCollector::TakeReadiness(const std::string& pod, const HttpOutcome& probe,
                                   MetricSink& points) {
  const Readiness readiness = probe.answer ? ReadReadiness(*probe.answer) : Readiness{};
  points.Add(kReady, {pod}, readiness.ready ? 1 : 0);
  if (!probe.answer) return false;
  points.Add(kMaintenance, {pod}, readiness.maintenance ? 1 : 0);
  for (const auto& [dependency, works] : readiness.dependencies) {
    points.Add(kDependency, {pod, dependency}, works ? 1 : 0);
  }
  return readiness.maintenance;
}

/// The pages of a pod that can be read as one, and the others in `unread`: not every port of a pod
/// need serve metrics. Nothing if none can, which kUp tells.
std::optional<Page> AtlasCollector::TakePages(const PodQuestions& asked, Memory& memory,
                                              std::vector<SourceReport>& unread) {
  std::string all;
  for (std::size_t i = 0; i < asked.page_count(); ++i) {
    const Result<std::string> text = TakePage(asked.page(i));
    // By itself first: one that is no page would make none of all of them, or be bad lines of it.
    const Result<Page> page = text ? ParsePage(*text) : Result<Page>(text.error());
    if (page) {
      all += *text;
    } else {
      unread.push_back({.source = fmt::format("page {} of {}", i + 1, asked.pod().name),
                        .status = page.error(),
                        .is_fault = false});
    }
  }
  if (!unread.empty() && unread.size() == asked.page_count()) return std::nullopt;
  if (memory.watch.IsAnother(all)) {
    ++memory.flaps;
    memory.flapped_at = environment_.clock.SteadyNow();
  }
  Result<Page> page = ParsePage(all);
  if (page) return std::move(*page);
  unread.push_back(
      {.source = "page of " + asked.pod().name, .status = page.error(), .is_fault = false});
  return std::nullopt;
}

void AtlasCollector::PassOn(const std::string& pod, const Page& page, Collection& collection) {
  for (const MetricDesc& metric : kPassed) {
    PageFamily family = Copy(page, metric.name);
    if (family.samples.empty()) continue;
    if (!Fits(family, metric)) {
      const std::string words = fmt::format("{} is a {}, expected a {}", metric.name,
                                            Name(family.type), Name(metric.type));
      collection.parts.push_back(
          {fmt::format("{} of {}", metric.name, pod), Error{ErrorCode::kCorrupt, words}});
      continue;
    }
    if (metric.name == kRequests.name) AddZeroErrors(family);
    passed_.Add(family, {.name = metric.name,
                         .type = metric.type == MetricType::kHistogram ? std::nullopt
                                                                       : std::optional(metric.type),
                         .help = metric.help,
                         .labels = {{"pod", pod}}});
  }
}

/// Between processes that count apart a rate would be made up, so there is none for as long as what
/// another one said is part of it.
void AtlasCollector::PublishRate(const std::string& pod, std::span<const PageSample> requests,
                                 Memory& memory, MetricSink& points) {
  const SteadyPoint now = environment_.clock.SteadyNow();
  if (memory.flapped_at && now - *memory.flapped_at < RequestRate::kWindow) {
    memory.rate.Forget();
    return;
  }
  double total = 0;
  for (const PageSample& sample : requests) total += sample.value;
  memory.rate.Add(now, total);
  if (const auto rate = memory.rate.PerSecond()) points.Add(kRequestRate, {pod}, *rate);
}

Status AtlasCollector::TakeKong(HttpOutcome& outcome, Collection& collection) {
  const Result<std::string> text = TakePage(outcome);
  if (!text) return text.error();
  const Result<Page> page = ParsePage(*text);
  if (!page) return page.error();
  std::map<std::string, double, std::less<>> by_code;
  if (Status counted = CountByCode(*page, by_code); !counted) {
    collection.parts.push_back({"kong", std::move(counted)});
  }
  for (const auto& [code, count] : by_code) collection.points.Add(kHttpRequests, {code}, count);
  return {};
}

Status AtlasCollector::CollectRedis(const Attempt& attempt, MetricSink& points) {
  const std::array<RedisCommand, 2> commands = {RedisCommand{"PING"},
                                                RedisCommand{"INFO", "memory"}};
  const Result<std::vector<RedisReply>> replies = redis_->Pipeline(commands, attempt);
  Status pong = replies ? CheckReply(replies->at(0), RedisReply::Kind::kStatus, "PING")
                        : Status(replies.error());
  points.Add(kRedisUp, {}, pong ? 1 : 0);
  if (!pong) return pong;
  const Result<double> used = UsedMemory(replies->at(1));
  if (!used) return used.error();
  points.Add(kRedisMemory, {}, *used);
  return {};
}

}  // namespace tocsin::collectors::atlas
