// A configured collector, and what can be seen of it from outside.

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/snapshot.h"
#include "base/yaml.h"
#include "collectors/collector.h"

namespace tocsin::collectors {

struct CollectorEntry;

/// The keys that every collector has in the configuration, and how to make it.
struct InstanceConfig {
  const CollectorEntry* kind = nullptr;
  std::string name;        ///< Unique among all instances; the kind's name by default.
  Duration interval{};     ///< From one collection's due time to the next.
  Duration timeout{};      ///< The deadline of one collection; at most `interval`.
  Duration stale_after{};  ///< Since the last success, when series disappear; default 3 intervals.
  std::size_t max_series = 1000;  ///< Per family.
  ConstantLabels labels;          ///< Added to every series.
  /// The text of all its options, secrets' file names included and secrets' texts hashed: two
  /// configurations with equal fingerprints make the same collector, and a reload leaves it
  /// running.
  std::string fingerprint;
  YamlPlace place = {};  ///< Where the configuration says all this.
  MakeCollector make;
};

inline constexpr std::size_t kErrorCodes = 7;

/// What became of the last read of one source of a collector that has several.
struct SourceView {
  std::string source;
  bool up = false;
  std::string error;  ///< Empty when up.
  std::optional<double> clock_skew_seconds;
};

/// A source of a collector that is up, or a part of one, that could not be read.
struct LostPart {
  std::string name;
  std::string error;
  bool is_source = false;
  bool is_fault = true;                   ///< As in SourceReport.
  std::vector<std::string> metrics = {};  ///< What is missing with it; empty if that is not known.
  /// The last collection with it, and the first without: what is only in the former went with it.
  /// `before` is null if it was lost from the first collection on.
  std::shared_ptr<const Snapshot> before = nullptr;
  std::shared_ptr<const Snapshot> after = nullptr;
};

using FamilyNames = std::set<std::string, std::less<>>;

/// One instance as it was after a collection (or before the first one). Immutable.
struct InstanceView {
  std::shared_ptr<const InstanceConfig> config;
  bool up = false;
  std::optional<ErrorCode> error_code;    ///< Of the last collection, if it failed.
  std::string error;                      ///< In words; empty when up.
  std::optional<TimePoint> last_attempt;  ///< When the last collection began.
  std::optional<TimePoint> last_success;
  Duration last_duration{};                         ///< Wall time of the last collection.
  std::array<std::uint64_t, kErrorCodes> errors{};  ///< Failed collections and parts, by ErrorCode.
  DropCounts dropped{};
  std::vector<SourceView> sources;
  std::optional<double> clock_skew_seconds;
  std::vector<LostPart> lost;  ///< As of the last success: sources first, each kind by name.
  std::shared_ptr<const FamilyNames> seen;  ///< Ever served; null before the first success.
  /// The last good points: null before the first success and once they are older than stale_after.
  std::shared_ptr<const Snapshot> snapshot;
};

/// Whether an instance that is up has lost something that should be there.
bool IsPartlyLost(const InstanceView& view);

/// Why the last collection failed, or what is first of what an instance that is up has lost and
/// should not have; empty if all is well.
std::string LastError(const InstanceView& view);

}  // namespace tocsin::collectors
