#include "collectors/discovery/dns_targets.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "collectors/discovery/target_group.h"

namespace tocsin::collectors {
namespace {

constexpr int kPatienceShare = 4;

/// Until when name servers may be waited for, so that a dead one leaves time to ask the targets
/// that are known.
SteadyPoint EndOfPatience(const Attempt& attempt) {
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  const Duration left = std::max(attempt.deadline - now, Duration(0));
  return now + left / kPatienceShare;
}

}  // namespace

DnsTargetsOptions ReadDnsTargetsOptions(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap map(node, diagnostics);
  DnsTargetsOptions options;
  options.names = map.StringsOr("names", {});
  if (options.names.empty()) diagnostics.Add(map.PlaceOf("names"), "expected at least one name");
  if (const auto type = ParseDnsType(map.StringOr("type", "SRV"))) {
    options.type = *type;
  } else {
    map.Refuse("type", "expected SRV, A, AAAA, MX or NS");
  }
  options.port = static_cast<int>(map.IntegerOr("port", 0, 1, 65535));
  if (options.type != DnsType::kSrv && !map.Has("port")) {
    diagnostics.Add(map.place(), "expected a port: only SRV records have one");
  }
  options.refresh_interval = map.PositiveDurationOr("refresh_interval", options.refresh_interval);
  return options;
}

DnsTargets::DnsTargets(DnsTargetsOptions options, DnsLookup lookup, const Clock& clock)
    : options_(std::move(options)), lookup_(std::move(lookup)), clock_(clock) {
  names_.reserve(options_.names.size());
  for (const std::string& name : options_.names) names_.push_back(Name{.name = name});
}

void DnsTargets::Begin(const Attempt& attempt) {
  for (Name& name : names_) AskIfDue(name);
  wait_until_ = EndOfPatience(attempt);
}

Status DnsTargets::Refresh(const Attempt& attempt) {
  const Attempt patience = {wait_until_, attempt.stop};
  Status outcome;
  for (Name& name : names_) {
    TakeAnswer(name, patience);
    if (!name.outcome && outcome) {
      outcome = name.outcome.error().Within("looking up \"" + name.name + "\"");
    }
  }
  return outcome;
}

void DnsTargets::AskIfDue(Name& name) {
  const SteadyPoint now = clock_.SteadyNow();
  if (name.pending || (name.asked_at && now - *name.asked_at < options_.refresh_interval)) return;
  name.asked_at = now;
  Result<BackgroundCall<Answer>> started = BackgroundCall<Answer>::Start(
      [lookup = lookup_, text = name.name, type = options_.type] { return lookup(text, type); });
  if (started) {
    name.pending = std::move(*started);
  } else {
    name.outcome = started.error();
  }
}

void DnsTargets::TakeAnswer(Name& name, const Attempt& attempt) {
  if (!name.pending) return;
  const Answer* const answer = name.pending->Wait(attempt);
  if (answer == nullptr) {
    name.outcome = Error{ErrorCode::kTimeout, "no answer in time"};
    return;
  }
  name.outcome = *answer ? Status() : answer->error();
  if (*answer) {
    std::vector<Labels> targets;
    targets.reserve((*answer)->size());
    for (const DnsRecord& record : **answer) targets.push_back(TargetOf(name, record));
    if (targets != name.targets) ++changes_;
    name.targets = std::move(targets);
  }
  name.pending.reset();
}

Labels DnsTargets::TargetOf(const Name& name, const DnsRecord& record) const {
  LabelsBuilder target;
  target.Set("__meta_dns_name", name.name);
  int port = options_.port;
  const std::string rooted = record.target + ".";  // As records have it, and Prometheus shows it.
  switch (options_.type) {
    case DnsType::kSrv:
      port = record.port;
      target.Set("__meta_dns_srv_record_target", rooted);
      target.Set("__meta_dns_srv_record_port", std::to_string(port));
      break;
    case DnsType::kMx: target.Set("__meta_dns_mx_record_target", rooted); break;
    case DnsType::kNs: target.Set("__meta_dns_ns_record_target", rooted); break;
    case DnsType::kA:
    case DnsType::kAaaa: break;
  }
  target.Set(kAddressLabel, HostAndPort(record.target, port));
  return target.Build();
}

void DnsTargets::AppendTargets(std::vector<Labels>& targets) const {
  for (const Name& name : names_) {
    targets.insert(targets.end(), name.targets.begin(), name.targets.end());
  }
}

}  // namespace tocsin::collectors
