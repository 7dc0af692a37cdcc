#include "collectors/http/collector.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "collectors/http/discovered.h"
#include "collectors/http/round.h"

namespace tocsin::collectors::http {
namespace {

/// The address without its query, which may hold secrets.
std::string ShownAddress(const std::string& url) {
  return url.substr(0, url.find_first_of("?#"));
}

/// The label `target` of a discovered target: its own label of that name, if relabelling gave one,
/// or its address.
std::string NameOf(const Labels& labels, const std::string& url) {
  const std::string_view given = labels.Get("target");
  return given.empty() ? ShownAddress(url) : std::string(given);
}

/// Gives the targets behind the first `listed`, which keep theirs, names of their own. Several of
/// one name, such as the replicas of a service, all get their addresses behind it: which of them
/// was found first must not matter. Takes out those that are still called like one before them, and
/// gives their names.
std::vector<std::string> TellApart(std::size_t listed, std::vector<Target>& targets) {
  std::map<std::string, std::set<std::string>> addresses;  // By name.
  for (const Target& target : targets) addresses[target.name].insert(ShownAddress(target.url));
  std::vector<Target> apart;
  std::vector<std::string> twins;
  std::set<std::string> taken;
  for (Target& target : targets) {
    const std::string address = ShownAddress(target.url);
    const bool is_listed = apart.size() < listed;
    if (!is_listed && addresses[target.name].size() > 1 && target.name != address) {
      target.name += " " + address;
    }
    if (taken.insert(target.name).second) {
      apart.push_back(std::move(target));
    } else {
      twins.push_back(target.name);
    }
  }
  targets = std::move(apart);
  return twins;
}

OutgoingRequest RequestOf(const Target& target) {
  const ProbeSettings& settings = *target.settings;
  OutgoingRequest request{.method = settings.method, .url = target.url, .body = settings.body};
  if (!settings.body.empty()) request.headers = {{"Content-Type", settings.body_content_type}};
  return request;
}

}  // namespace

HttpCollector::HttpCollector(std::vector<Target> targets, std::unique_ptr<Discovery> discovery,
                             std::shared_ptr<const ProbeSettings> discovered,
                             const Environment& environment)
    : targets_(std::move(targets)),
      discovery_(std::move(discovery)),
      discovered_(std::move(discovered)),
      environment_(environment) {}

Result<std::vector<Target>> HttpCollector::Targets(const Attempt& attempt, Collection& collection) {
  std::vector<Target> targets = targets_;
  if (!discovery_) return targets;
  const Result<std::vector<Labels>> found =
      FindTargets(*discovery_, !targets.empty(), attempt, collection);
  if (!found) return found.error();
  for (const Labels& labels : *found) {
    std::string url = TargetUrl(labels);
    std::string name = NameOf(labels, url);
    targets.push_back({std::move(name), std::move(url), discovered_});
  }
  if (const std::vector<std::string> twins = TellApart(targets_.size(), targets); !twins.empty()) {
    collection.parts.push_back(
        {"target names",
         Error{ErrorCode::kInvalidInput,
               fmt::format(
                   "those with the name and address of another are not probed: {}, such as {}",
                   twins.size(), twins.front())}});
  }
  if (targets.size() > kMostTargets) {
    collection.parts.push_back(
        {"targets",
         Error{ErrorCode::kTooLarge, fmt::format("{} targets: only the first {} are probed",
                                                 targets.size(), kMostTargets)}});
    targets.resize(kMostTargets);
  }
  return targets;
}

Status HttpCollector::Collect(const Attempt& attempt, Collection& collection) {
  const Result<std::vector<Target>> targets = Targets(attempt, collection);
  if (!targets) return targets.error();
  const Duration left = TimeForRequests(attempt);
  HttpRound round;
  for (const Target& target : *targets) {
    const ProbeSettings& settings = *target.settings;
    round.Add({settings.http, RequestOf(target), std::min(settings.timeout, left), true});
  }
  round.Send(client_, attempt.stop);
  if (attempt.stop.stop_requested()) return Error{ErrorCode::kUnavailable, "stopped"};
  for (std::size_t i = 0; i < targets->size(); ++i) {
    const Target& target = (*targets)[i];
    NoteState(target, PublishProbe(target.name, *target.settings, round.At(i), collection.points));
  }
  ForgetOthers(*targets);
  return {};
}

/// Discovered targets come and go, and those that are gone fail no more.
void HttpCollector::ForgetOthers(const std::vector<Target>& targets) {
  std::set<std::string_view> names;
  for (const Target& target : targets) names.insert(target.name);
  std::erase_if(failing_, [&](const std::string& name) { return !names.contains(name); });
}

/// Logs a change of state.
void HttpCollector::NoteState(const Target& target, const std::optional<Fault>& fault) {
  if (fault && failing_.insert(target.name).second) {
    environment_.log.Warn(
        "probe fails",
        {{"target", target.name}, {"reason", std::string(fault->reason)}, {"error", fault->words}});
  } else if (!fault && failing_.erase(target.name) != 0) {
    environment_.log.Info("probe succeeds again", {{"target", target.name}});
  }
}

}  // namespace tocsin::collectors::http
