#include "collectors/prometheus/collector.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "collectors/discovery/options.h"
#include "collectors/url_text.h"

namespace tocsin::collectors::prometheus {
namespace {

constexpr std::string_view kAddress = "__address__";
constexpr std::string_view kScheme = "__scheme__";
constexpr std::string_view kMetricsPath = "__metrics_path__";
constexpr std::string_view kMetaPrefix = "__meta_";
constexpr std::string_view kParamPrefix = "__param_";
constexpr std::string_view kJob = "job";
constexpr std::string_view kInstance = "instance";

void SetIfMissing(LabelsBuilder& labels, std::string_view name, std::string_view value) {
  if (labels.Get(name).empty()) labels.Set(name, value);
}

/// A rule that gives a label to those targets that lack it.
RelabelRule DefaultRule(const std::string& name, std::string_view value) {
  RelabelRule rule;
  rule.source_labels = {name};
  rule.regex = AnchoredRegexp("");
  rule.target_label = name;
  rule.replacement.clear();
  for (const char c : value) rule.replacement.append(c == '$' ? 2 : 1, c);  // "$$" stands for "$".
  return rule;
}

/// Discovery as in Prometheus: what the configuration says of all targets is among their labels
/// before `relabel_configs` are applied, which may read and change it.
std::shared_ptr<const DiscoveryOptions> WithDefaults(const Settings& settings) {
  RelabelRules rules = {DefaultRule(std::string(kScheme), settings.scheme),
                        DefaultRule(std::string(kMetricsPath), settings.metrics_path),
                        DefaultRule(std::string(kJob), settings.job_name)};
  for (const auto& [name, value] : settings.params) {
    rules.push_back(DefaultRule(std::string(kParamPrefix) + name, value));
  }
  auto options = std::make_shared<DiscoveryOptions>(*settings.discovery);
  options->relabel_rules.insert(options->relabel_rules.begin(), rules.begin(), rules.end());
  return options;
}

/// What makes a target itself: with an `instance`, which is its address unless it has another, and
/// without `__meta_...`. Those were for rules, and may change while it stays the same, as whether a
/// pod is ready does.
Labels IdentityOf(const Labels& target) {
  LabelsBuilder labels;
  for (const Label& label : target) {
    if (!label.name.text().starts_with(kMetaPrefix)) labels.Set(label.name, label.value);
  }
  SetIfMissing(labels, kInstance, target.Get(kAddress));
  return labels.Build();
}

/// The labels that samples get: those that are not Prometheus' own.
Labels SampleLabels(const Labels& target, const ConstantLabels& constant) {
  LabelsBuilder labels;
  for (const Label& label : target) {
    if (!label.name.text().starts_with("__")) labels.Set(label.name, label.value);
  }
  for (const auto& [name, value] : constant) SetIfMissing(labels, name, value);
  return labels.Build();
}

/// The target's URL. The first value of each parameter is a label, which rules may have changed;
/// further ones are as they were configured.
std::string UrlOf(const Labels& target, const Settings& settings) {
  std::string url = TargetUrl(target);
  std::unordered_set<std::string_view> seen;
  for (const auto& [name, value] : settings.params) {
    if (seen.insert(name).second) continue;
    url += url.find('?') == std::string::npos ? '?' : '&';
    url.append(UrlEscaped(name)).append("=").append(UrlEscaped(value));
  }
  return url;
}

double SecondsOf(const HttpTrace::Phases& phases) {
  return phases.lookup + phases.connect + phases.tls + phases.processing + phases.transfer;
}

/// What is wrong with a page that was read all the same.
Status PageStatus(const PageFaults& faults) {
  if (faults.bad_lines == 0 && faults.unknown_types == 0) return {};
  return Error{ErrorCode::kCorrupt,
               fmt::format("bad lines: {}, unknown types: {}; the first: {}", faults.bad_lines,
                           faults.unknown_types, faults.first)};
}

/// While targets are known, a discovery that has failed altogether does not fail the collection.
void ReportDiscovery(std::vector<SourceReport> reports, bool has_targets, Collection& collection) {
  const bool some_work = std::any_of(reports.begin(), reports.end(),
                                     [](const SourceReport& each) { return bool{each.status}; });
  if (some_work || !has_targets) {
    collection.sources = std::move(reports);
    return;
  }
  for (SourceReport& report : reports) {
    report.source.insert(0, "discovery ");
    collection.parts.push_back(std::move(report));
  }
}

}  // namespace

struct PrometheusCollector::Target {
  Target(const Labels& target, Labels sample_labels, const Settings& settings, SeriesClaims& claims)
      : found(target),
        labels(std::move(sample_labels)),
        request(PageRequest(UrlOf(target, settings))),
        pages(labels, settings.rules, claims) {}

  HttpJob Job(const HttpSettings& http, Duration timeout);
  void Take(const HttpOutcome& outcome);

  const Labels found;
  const Labels labels;
  const OutgoingRequest request;
  TargetPages pages;
  // What the last answer came to.
  TargetReport report;
  Status answered;
  PageFaults faults;
  DropCounts dropped{};
};

/// The request, whose answer is read as it comes in.
HttpJob PrometheusCollector::Target::Job(const HttpSettings& http, Duration timeout) {
  pages.Begin();
  return {.settings = http,
          .request = request,
          .timeout = timeout,
          .take_body = [this](const HttpAnswer& head, std::string_view piece) {
            if (CheckPageAnswer(head)) pages.Take(piece);
          }};
}

void PrometheusCollector::Target::Take(const HttpOutcome& outcome) {
  report = {.duration_seconds = SecondsOf(outcome.trace.phases)};
  answered = outcome.answer ? CheckPageAnswer(*outcome.answer) : outcome.answer.error();
  if (!answered) {
    pages.Begin();  // Frees what is kept of this one.
    return;
  }
  if (outcome.answer->is_framed) pages.EndLine();
  Result<TargetPages::Counts> counts = pages.End();
  if (!counts) {
    answered = counts.error();
    return;
  }
  report.up = true;
  report.scraped = counts->scraped;
  report.kept = counts->kept;
  report.added = counts->added;
  faults = std::move(counts->faults);
  dropped = counts->dropped;
}

PrometheusCollector::PrometheusCollector(Settings settings, const Environment& environment)
    : settings_(std::move(settings)),
      environment_(environment),
      discovery_(MakeDiscovery(WithDefaults(settings_), environment)) {}

PrometheusCollector::~PrometheusCollector() = default;

Status PrometheusCollector::Collect(const Attempt& attempt, Collection& collection) {
  std::vector<SourceReport> sources;
  SetTargets(discovery_->Find(attempt, sources), collection.points.settings().constant_labels);
  ReportDiscovery(std::move(sources), !targets_.empty(), collection);
  FetchAll(attempt);
  if (attempt.stop.stop_requested()) return Error{ErrorCode::kTimeout, "stopped while scraping"};

  std::vector<Labels> labels;
  std::vector<TargetReport> reports;
  std::unordered_set<Labels> reported;
  for (const std::unique_ptr<Target>& target : targets_) {  // In an order that lasts.
    Pass(*target, collection);
    if (!reported.insert(target->labels).second) continue;  // The first speaks for both.
    labels.push_back(target->labels);
    reports.push_back(target->report);
  }
  reports_.SetTargets(labels);
  reports_.Pass(reports, collection.points);
  return {};
}

/// Keeps what is known of the pages of those targets that are still there.
void PrometheusCollector::SetTargets(std::vector<Labels> found, const ConstantLabels& labels) {
  if (found_ == found) return;
  std::unordered_map<Labels, std::unique_ptr<Target>> known;
  for (std::unique_ptr<Target>& target : targets_) {
    const Labels key = target->found;
    known.emplace(key, std::move(target));
  }
  targets_.clear();
  std::unordered_set<Labels> added;
  for (const Labels& each : found) {
    const Labels target = IdentityOf(each);
    if (!added.insert(target).second) continue;
    if (const auto old = known.find(target); old != known.end()) {
      targets_.push_back(std::move(old->second));
    } else {
      targets_.push_back(
          std::make_unique<Target>(target, SampleLabels(target, labels), settings_, claims_));
    }
  }
  found_ = std::move(found);
}

void PrometheusCollector::FetchAll(const Attempt& attempt) {
  // The rest is for reading what comes at the last moment: after the deadline nothing counts.
  const Duration left =
      std::chrono::floor<Duration>((attempt.deadline - environment_.clock.SteadyNow()) * 9 / 10);
  std::vector<HttpJob> jobs;
  jobs.reserve(targets_.size());
  for (const std::unique_ptr<Target>& target : targets_) {
    jobs.push_back(target->Job(settings_.http, std::max(left, Duration(1))));
  }
  http_.SendAll(jobs, attempt.stop, [this](std::size_t job, const HttpOutcome& outcome) {
    targets_[job]->Take(outcome);
  });
}

void PrometheusCollector::Pass(const Target& target, Collection& collection) {
  const std::string name(target.labels.Get(kInstance));
  collection.parts.push_back({.source = name, .status = target.answered, .is_fault = false});
  if (!target.answered) return;
  target.pages.Pass(collection.points);
  collection.points.CountDropped(DropReason::kDuplicate, target.faults.duplicates);
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    collection.points.CountDropped(static_cast<DropReason>(i), target.dropped[i]);
  }
  collection.parts.push_back({name + " page", PageStatus(target.faults)});
}

std::span<const MetricDesc> Metrics() {
  return kTargetMetrics;
}

}  // namespace tocsin::collectors::prometheus
