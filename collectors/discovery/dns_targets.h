// Targets from the DNS: `dns_sd_configs`.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/background_call.h"
#include "collectors/discovery/dns_lookup.h"
#include "collectors/discovery/target_source.h"

namespace tocsin::collectors {

/// One entry of `dns_sd_configs`.
struct DnsTargetsOptions {
  std::vector<std::string> names = {};
  DnsType type = DnsType::kSrv;
  int port = 0;  ///< Of the targets, unless the records have it (SRV).
  Duration refresh_interval = std::chrono::seconds(30);
};

/// Mistakes are reported.
/// Source: Prometheus' documentation, "Configuration", <dns_sd_config>.
DnsTargetsOptions ReadDnsTargetsOptions(const YamlNode& node, Diagnostics& diagnostics);

/// Looks up names every `refresh_interval`, all at the same time, with the labels
/// `__meta_dns_name`, `__meta_dns_srv_record_target`, `__meta_dns_srv_record_port`,
/// `__meta_dns_mx_record_target` and `__meta_dns_ns_record_target`.
///
/// A name that nobody can answer for keeps its last targets; one that does not exist has none. A
/// look-up that takes longer than Refresh() may wait goes on beside us, and is seen to by the next
/// Refresh(), so there is one for each name at most. One thread at a time.
class DnsTargets final : public TargetSource {
 public:
  /// `clock` must outlive it. `lookup` is called on other threads, also after this object's end.
  DnsTargets(DnsTargetsOptions options, DnsLookup lookup, const Clock& clock);

  void Begin(const Attempt& attempt) override;
  /// Waits for a quarter of the time that was left at Begin(), at most.
  Status Refresh(const Attempt& attempt) override;
  void AppendTargets(std::vector<Labels>& targets) const override;
  std::uint64_t changes() const override { return changes_; }

 private:
  using Answer = Result<std::vector<DnsRecord>>;
  struct Name {
    std::string name;
    std::optional<BackgroundCall<Answer>> pending = std::nullopt;
    std::optional<SteadyPoint> asked_at = std::nullopt;
    Status outcome = {};
    std::vector<Labels> targets = {};
  };

  void AskIfDue(Name& name);
  void TakeAnswer(Name& name, const Attempt& attempt);
  Labels TargetOf(const Name& name, const DnsRecord& record) const;

  const DnsTargetsOptions options_;
  const DnsLookup lookup_;
  const Clock& clock_;
  std::vector<Name> names_;
  SteadyPoint wait_until_{};
  std::uint64_t changes_ = 0;
};

}  // namespace tocsin::collectors
