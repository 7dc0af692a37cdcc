#include "collectors/runner.h"

#include <algorithm>
#include <exception>
#include <set>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "base/duration.h"
#include "collectors/registry.h"

namespace tocsin::collectors {
namespace {

/// The error of a collection whose collector threw: a bug, but not the end of the others.
Error Threw(std::string_view what) {
  return {ErrorCode::kInvalidInput, "threw: " + std::string(what)};
}

std::uint64_t& CountOf(ErrorCode code, InstanceView& view) {
  return view.errors[static_cast<std::size_t>(code)];
}

/// One line for each collection, for whoever debugs; `error` is null if it succeeded.
void LogCollection(const Log& log, const InstanceConfig& config, Duration took, std::size_t samples,
                   const Error* error) {
  log.Debug(error == nullptr ? "collected" : "collection failed",
            {{"collector", std::string(config.kind->name)},
             {"name", config.name},
             {"duration", FormatDuration(took)},
             {"samples", std::to_string(samples)},
             {"error", error == nullptr ? std::string() : error->message}});
}

/// What all sources together amount to: a failure if not one of them answered.
Status Overall(const std::vector<SourceReport>& sources) {
  if (sources.empty() ||
      std::any_of(sources.begin(), sources.end(),
                  [](const SourceReport& report) { return bool{report.status}; })) {
    return {};
  }
  Error all{sources.front().status.error().code, ""};
  for (const SourceReport& report : sources) {
    if (!all.message.empty()) all.message += "; ";
    all.message += report.status.error().Within(report.source).message;
  }
  return all;
}

SourceView ViewOf(const SourceReport& report) {
  return {report.source, bool{report.status},
          report.status ? std::string() : report.status.error().message, report.clock_skew_seconds};
}

/// Shows the sources of a failed collection: those reported as they were, and those that were known
/// before but not reached this time as down for the collection's reason.
void ShowFailedSources(const std::vector<SourceReport>& reports, const Error& error,
                       std::vector<SourceView>& sources) {
  if (!reports.empty()) {
    sources.clear();
    for (const SourceReport& report : reports) sources.push_back(ViewOf(report));
    return;
  }
  for (SourceView& source : sources) source = {source.source, false, error.message, std::nullopt};
}

/// Counts each failed source, or the failure as a whole if no source was named.
void CountErrors(const std::vector<SourceReport>& reports, const Status& status,
                 InstanceView& view) {
  bool counted = false;
  for (const SourceReport& report : reports) {
    if (report.status) continue;
    ++CountOf(report.status.error().code, view);
    counted = true;
  }
  if (!counted && !status) ++CountOf(status.error().code, view);
}

}  // namespace

/// What one call of the collector came to.
struct Runner::Outcome {
  Status status;
  std::vector<SourceReport> sources = {};
  std::vector<SourceReport> parts = {};
  std::optional<double> clock_skew_seconds = std::nullopt;
  DropCounts dropped = {};
  std::shared_ptr<const Snapshot> snapshot = nullptr;
};

Runner::Runner(std::shared_ptr<const InstanceConfig> config, const Environment& environment,
               Published published)
    : config_(std::move(config)),
      environment_(environment),
      published_(std::move(published)),
      log_(environment.log, std::string(config_->kind->name), config_->name),
      random_(std::random_device{}()) {
  auto view = std::make_shared<InstanceView>();
  view->config = config_;
  view_ = std::move(view);
}

Runner::~Runner() = default;

std::shared_ptr<const InstanceView> Runner::View() const {
  const MutexLock lock(mutex_);
  return view_;
}

template <class Change>
void Runner::Publish(Change change) {
  auto next = std::make_shared<InstanceView>(*View());
  change(*next);
  const InstanceView& published = *next;
  std::shared_ptr<const InstanceView> view = std::move(next);
  const std::shared_ptr<const InstanceView> keep = view;
  {
    const MutexLock lock(mutex_);
    view_.swap(view);  // The old one is freed outside the lock: it may hold 100,000 series.
  }
  published_(published);
}

void Runner::Run(const std::stop_token& stop) {
  const Clock& clock = environment_.clock;
  const SteadyPoint start = clock.SteadyNow();
  SteadyPoint due = start;
  while (WaitForDue(due, stop)) {
    CollectOnce(stop);
    if (stop.stop_requested()) return;
    const double random = std::uniform_real_distribution<double>()(random_);
    due = breaker_.NextAttempt(start, config_->interval, clock.SteadyNow(), random);
  }
}

bool Runner::WaitForDue(SteadyPoint due, const std::stop_token& stop) {
  if (const auto stale_at = StaleAt(); stale_at && *stale_at <= due) {
    if (!environment_.clock.WaitUntil(*stale_at, stop)) return false;
    ExpireIfStale();
  }
  return environment_.clock.WaitUntil(due, stop);
}

void Runner::CollectOnce(const std::stop_token& stop) {
  const SteadyPoint began = environment_.clock.SteadyNow();
  attempt_began_ = environment_.clock.Now();
  late_ = false;
  Outcome outcome = CollectWatched(began, stop);
  // After a request to stop nothing of the outside world is touched any more: if the collector came
  // back long after, the world may be gone.
  if (stop.stop_requested()) return;
  if (late_) return EndLate(began, outcome.status);
  if (outcome.status) return Succeed(began, std::move(outcome));
  Fail(began, outcome.status.error(), outcome.sources);
}

Runner::Outcome Runner::CollectWatched(SteadyPoint began, const std::stop_token& stop) {
  std::stop_source attempt;
  std::jthread watch;
  try {
    watch = std::jthread([&](const std::stop_token& done) { Watch(began, stop, attempt, done); });
  } catch (const std::system_error& error) {
    return {Error{ErrorCode::kUnavailable, std::string("starting a thread: ") + error.what()}};
  }
  const std::stop_callback shutdown(stop, [&] { watch.request_stop(); });
  return Collect({began + config_->timeout, attempt.get_token()});
}

Runner::Outcome Runner::Collect(const Attempt& attempt) {
  Outcome outcome;
  try {
    if (!collector_) collector_ = config_->make(environment_);
    MetricSink points({config_->max_series, config_->labels}, View()->snapshot);
    Collection collection{points};
    outcome.status = collector_->Collect(attempt, collection);
    if (outcome.status) outcome.status = Overall(collection.sources);
    if (outcome.status && !attempt.stop.stop_requested()) {
      outcome.snapshot = points.Finish(environment_.clock.Now());
      outcome.dropped = points.dropped();
    }
    outcome.sources = std::move(collection.sources);
    outcome.parts = std::move(collection.parts);
    outcome.clock_skew_seconds = collection.clock_skew_seconds;
    return outcome;
  } catch (const std::exception& exception) {
    outcome.status = Threw(exception.what());
  } catch (...) {
    outcome.status = Threw("something that is not a std::exception");
  }
  collector_.reset();  // What it has kept may be half changed; the next collection starts afresh.
  return outcome;
}

void Runner::Watch(SteadyPoint began, const std::stop_token& stop, std::stop_source& attempt,
                   const std::stop_token& done) {
  const Clock& clock = environment_.clock;
  const SteadyPoint deadline = began + config_->timeout;
  while (true) {
    const std::optional<SteadyPoint> stale_at = StaleAt();
    if (late_ && !stale_at) return;
    const SteadyPoint next = late_ ? *stale_at : std::min(deadline, stale_at.value_or(deadline));
    if (!clock.WaitUntil(next, done)) {
      // Here, not in a callback on `stop`: what collectors register to be called must hold up this
      // thread at most, and not the one that stops them all.
      if (stop.stop_requested()) attempt.request_stop();
      return;
    }
    ExpireIfStale();
    if (!late_ && clock.SteadyNow() >= deadline) {
      late_ = true;
      Fail(began, {ErrorCode::kTimeout, "no answer within " + FormatDuration(config_->timeout)},
           {});
      attempt.request_stop();
    }
  }
}

void Runner::Succeed(SteadyPoint began, Outcome outcome) {
  const SteadyPoint now = environment_.clock.SteadyNow();
  breaker_.Succeeded();
  last_success_ = now;
  log_.Succeeded(now);
  LogCollection(environment_.log, *config_, now - began, outcome.snapshot->SampleCount(), nullptr);
  Publish([&](InstanceView& view) {
    view.up = true;
    view.error_code.reset();
    view.error.clear();
    view.last_attempt = attempt_began_;
    view.last_success = outcome.snapshot->collected_at;
    view.last_duration = now - began;
    view.sources.clear();
    for (const SourceReport& report : outcome.sources) view.sources.push_back(ViewOf(report));
    view.clock_skew_seconds = outcome.clock_skew_seconds;
    CountErrors(outcome.sources, {}, view);
    NoteLost(outcome, view);
    for (std::size_t i = 0; i < kDropReasons; ++i) view.dropped[i] += outcome.dropped[i];
    view.snapshot = std::move(outcome.snapshot);
  });
  log_.Dropped(View()->dropped, now);
}

void Runner::Fail(SteadyPoint began, const Error& error, const std::vector<SourceReport>& sources) {
  const SteadyPoint now = environment_.clock.SteadyNow();
  breaker_.Failed();
  log_.Failed(error, now);
  LogCollection(environment_.log, *config_, now - began, 0, &error);
  Publish([&](InstanceView& view) {
    view.up = false;
    view.error_code = error.code;
    view.error = error.message;
    view.last_attempt = attempt_began_;
    view.last_duration = now - began;
    view.clock_skew_seconds.reset();
    ShowFailedSources(sources, error, view.sources);
    CountErrors(sources, error, view);
  });
  ExpireIfStale();
}

void Runner::EndLate(SteadyPoint began, const Status& status) {
  const SteadyPoint now = environment_.clock.SteadyNow();
  Publish([&](InstanceView& view) {
    view.last_duration = now - began;
    // The collector knows better than the watch what it was waiting for.
    if (!status && status.error().code == ErrorCode::kTimeout) view.error = status.error().message;
  });
}

std::optional<SteadyPoint> Runner::StaleAt() const {
  if (!last_success_) return std::nullopt;
  return *last_success_ + config_->stale_after;
}

void Runner::ExpireIfStale() {
  const auto stale_at = StaleAt();
  if (!stale_at || environment_.clock.SteadyNow() < *stale_at) return;
  last_success_.reset();
  Publish([](InstanceView& view) { view.snapshot = nullptr; });
  log_.WentStale();
}

void Runner::NoteLost(const Outcome& outcome, InstanceView& view) {
  NoteSources(outcome);
  NoteParts(outcome, view);
  NoteSeen(*outcome.snapshot, view);
  view.lost.clear();
  for (const auto& [name, source] : lost_sources_) view.lost.push_back(source);
  for (const auto& [name, part] : lost_parts_) view.lost.push_back(part);
  last_good_ = outcome.snapshot;
}

/// Whether it is news.
bool Runner::NoteLoss(const SourceReport& report, bool is_source, const Outcome& outcome) {
  const auto [place, is_new] = (is_source ? lost_sources_ : lost_parts_).try_emplace(report.source);
  LostPart& lost = place->second;
  if (is_new) {
    lost.before = last_good_;
    lost.after = outcome.snapshot;
  }
  lost.name = report.source;
  lost.error = report.status.error().message;
  lost.is_source = is_source;
  lost.is_fault = report.is_fault;
  lost.metrics = report.metrics;
  return is_new;
}

void Runner::NoteSources(const Outcome& outcome) {
  for (const SourceReport& report : outcome.sources) {
    if (!report.status) {
      if (!NoteLoss(report, true, outcome)) continue;
      log_.PartLost("source", report.source, report.status.error());
    } else if (lost_sources_.erase(report.source) != 0) {
      log_.PartBack("source", report.source);
    }
  }
  if (outcome.sources.empty()) return;  // Nothing is known of any.
  // Some are named only while they fail.
  std::erase_if(lost_sources_, [&](const auto& lost) {
    const bool is_named =
        std::any_of(outcome.sources.begin(), outcome.sources.end(),
                    [&](const SourceReport& report) { return report.source == lost.first; });
    if (!is_named) log_.PartBack("source", lost.first);
    return !is_named;
  });
}

void Runner::NoteParts(const Outcome& outcome, InstanceView& view) {
  std::set<std::string_view> lost;
  for (const SourceReport& part : outcome.parts) {
    if (part.status || !lost.insert(part.source).second) continue;
    if (!NoteLoss(part, false, outcome)) continue;
    ++CountOf(part.status.error().code, view);
    log_.PartLost("part", part.source, part.status.error());
  }
  // The parts of a source that did not answer were not looked at: what is not named may be lost.
  const bool is_whole = lost_sources_.empty();
  std::set<std::string_view> named;
  for (const SourceReport& part : outcome.parts) named.insert(part.source);
  std::erase_if(lost_parts_, [&](const auto& part) {
    const bool is_back = !lost.contains(part.first) && (is_whole || named.contains(part.first));
    if (is_back) log_.PartBack("part", part.first);
    return is_back;
  });
}

void Runner::NoteSeen(const Snapshot& snapshot, InstanceView& view) const {
  std::shared_ptr<FamilyNames> more;
  for (const FamilyPoints& family : snapshot.families) {
    const std::string& name = family.shape->name;
    if (more != nullptr ? more->contains(name) : view.seen && view.seen->contains(name)) continue;
    if (more == nullptr) {
      more =
          view.seen ? std::make_shared<FamilyNames>(*view.seen) : std::make_shared<FamilyNames>();
    }
    more->insert(name);
  }
  if (more != nullptr) view.seen = std::move(more);
  if (view.seen == nullptr) view.seen = std::make_shared<const FamilyNames>();
}

}  // namespace tocsin::collectors
