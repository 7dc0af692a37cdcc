#include "exporter/collector_config.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/duration.h"
#include "base/nearest_word.h"
#include "base/utf8.h"
#include "exporter/metrics_page.h"

namespace tocsin {
namespace {

using collectors::CollectorEntry;
using collectors::InstanceConfig;

constexpr Duration kLongestDefaultTimeout = std::chrono::seconds(10);
constexpr Duration kShortestInterval = std::chrono::milliseconds(100);
constexpr int kDefaultStaleIntervals = 3;
constexpr std::int64_t kMostSeries = 1'000'000;

/// Labels that Prometheus or the exposition format gives a meaning of its own.
constexpr std::array<std::string_view, 4> kReservedLabels = {"job", "instance", "le", "quantile"};

const CollectorEntry* FindKind(std::span<const CollectorEntry> kinds, std::string_view name) {
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const CollectorEntry& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

/// The kind that `type` names, or null when that was reported.
const CollectorEntry* ReadKind(YamlMap& options, std::span<const CollectorEntry> kinds) {
  const std::string type = options.RequiredString("type");
  if (type.empty()) return nullptr;
  if (const CollectorEntry* const kind = FindKind(kinds, type); kind != nullptr) return kind;
  std::vector<std::string_view> names;
  for (const CollectorEntry& kind : kinds) names.push_back(kind.name);
  const auto nearest = NearestWord(type, names);
  options.Refuse(
      "type",
      nearest ? fmt::format("no collector is called \"{}\" (did you mean \"{}\"?)", type, *nearest)
              : fmt::format("no collector is called \"{}\" (there are: {})", type,
                            fmt::join(names, ", ")));
  return nullptr;
}

/// The metric of `kind` that has a label called `name`, or null.
const MetricDesc* MetricWithLabel(const CollectorEntry& kind, std::string_view name) {
  for (const MetricDesc& metric : kind.metrics) {
    if (std::find(metric.labels.begin(), metric.labels.end(), name) != metric.labels.end()) {
      return &metric;
    }
  }
  return nullptr;
}

/// What is wrong with a label of an instance of `kind`; empty if nothing is.
std::string LabelProblem(const CollectorEntry& kind, std::string_view name,
                         std::string_view value) {
  if (!IsLabelName(name)) {
    return fmt::format(
        "\"{}\" is not a label name (letters, digits and _, not starting with a digit "
        "or __)",
        name);
  }
  if (std::find(kReservedLabels.begin(), kReservedLabels.end(), name) != kReservedLabels.end()) {
    return fmt::format("\"{}\" is a reserved label name", name);
  }
  if (const MetricDesc* const metric = MetricWithLabel(kind, name); metric != nullptr) {
    return fmt::format("\"{}\" is a label of {}'s own metric {}", name, kind.name, metric->name);
  }
  if (!IsUtf8(value)) return fmt::format("the value of \"{}\" is not valid UTF-8", name);
  return {};
}

ConstantLabels ReadLabels(YamlMap& options, const CollectorEntry& kind) {
  ConstantLabels labels = options.StringMap("labels");
  const YamlNode* const node = options.Node("labels");
  for (const auto& [name, value] : labels) {
    const std::string problem = LabelProblem(kind, name, value);
    if (problem.empty()) continue;
    const YamlNode* const at = node->Find(name);
    options.diagnostics().Add(at == nullptr ? node->place : at->place,
                              fmt::format("labels: {}", problem));
  }
  // The page leaves them out, so they do not tell two instances apart either.
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  std::sort(labels.begin(), labels.end());
  return labels;
}

void ReadTimes(YamlMap& options, Duration default_interval, InstanceConfig& instance) {
  instance.interval = options.PositiveDurationOr("interval", default_interval);
  if (instance.interval < kShortestInterval) {
    options.Refuse("interval",
                   fmt::format("expected at least {}", FormatDuration(kShortestInterval)));
  }
  instance.timeout =
      options.PositiveDurationOr("timeout", std::min(kLongestDefaultTimeout, instance.interval));
  if (instance.timeout > instance.interval) {
    options.Refuse("timeout", fmt::format("expected at most the interval ({}), got {}",
                                          FormatDuration(instance.interval),
                                          FormatDuration(instance.timeout)));
  }
  instance.stale_after =
      options.PositiveDurationOr("stale_after", instance.interval * kDefaultStaleIntervals);
  if (instance.stale_after < instance.interval) {
    options.Refuse("stale_after", fmt::format("expected at least the interval ({}), got {}",
                                              FormatDuration(instance.interval),
                                              FormatDuration(instance.stale_after)));
  }
}

/// Writes `node` so that two trees give the same text only if they say the same. Texts carry their
/// length, so no choice of characters can make different trees alike.
void AppendTree(std::string& out, const YamlNode& node) {
  out += fmt::format("{}:{}:{};", static_cast<int>(node.kind), node.text.size(), node.text);
  for (const YamlNode& item : node.items) AppendTree(out, item);
  for (const YamlEntry& entry : node.entries) {
    AppendTree(out, entry.key);
    AppendTree(out, entry.value);
  }
  out += '.';
}

/// A hash, so that no secret stands in it; `interval` is what the options do not say themselves.
std::string Fingerprint(const YamlNode& options, Duration interval) {
  std::string text = fmt::format("{};", interval.count());
  AppendTree(text, options);
  return fmt::format("{:016x}", std::hash<std::string>{}(text));
}

/// Null when there were mistakes.
std::shared_ptr<const InstanceConfig> ReadInstance(const YamlNode& node,
                                                   std::span<const CollectorEntry> kinds,
                                                   Duration default_interval,
                                                   Diagnostics& diagnostics) {
  const std::size_t mistakes_before = diagnostics.size();
  YamlMap options(node, diagnostics);
  if (node.kind != YamlNode::Kind::kMap) {
    if (node.kind == YamlNode::Kind::kNull) diagnostics.Add(node.place, "expected a collector");
    return nullptr;
  }
  auto instance = std::make_shared<InstanceConfig>();
  instance->kind = ReadKind(options, kinds);
  if (instance->kind == nullptr) {
    options.IgnoreOthers();  // Which keys there may be depends on the type.
    return nullptr;
  }
  instance->name = options.StringOr("name", instance->kind->name);
  if (instance->name.empty() || !IsUtf8(instance->name)) options.Refuse("name", "expected a name");
  if (instance->name == MetricsPage::kOwn) {
    options.Refuse("name",
                   fmt::format("\"{}\" stands for tocsin's own metrics", MetricsPage::kOwn));
  }
  ReadTimes(options, default_interval, *instance);
  instance->max_series =
      static_cast<std::size_t>(options.IntegerOr("max_series", 1000, 1, kMostSeries));
  instance->labels = ReadLabels(options, *instance->kind);
  instance->make = instance->kind->configure(options);
  instance->place = node.place;
  instance->fingerprint = Fingerprint(node, instance->interval);
  return diagnostics.size() == mistakes_before ? instance : nullptr;
}

/// A place for the mistake that two instances make together: that of the later one's key.
YamlPlace PlaceIn(const YamlNode& item, std::string_view key) {
  const YamlNode* const value = item.Find(key);
  return value == nullptr ? item.place : value->place;
}

/// Looks for names that occur twice, and for instances of one kind whose series would be the same.
class DuplicateFinder {
 public:
  explicit DuplicateFinder(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void Check(const YamlNode& item, const InstanceConfig& instance) {
    const auto [same_name, name_is_new] = names_.try_emplace(instance.name, item.place.line);
    if (!name_is_new) {
      diagnostics_.Add(PlaceIn(item, "name"),
                       fmt::format("name: \"{}\" is taken by the collector in line {}{}",
                                   instance.name, same_name->second,
                                   item.Find("name") == nullptr ? "; give this one a name" : ""));
    }
    const auto [same, is_new] =
        series_.try_emplace({instance.kind, instance.labels}, item.place.line);
    if (!is_new) {
      diagnostics_.Add(
          PlaceIn(item, "labels"),
          fmt::format("labels: must differ from those of the {} collector in line {}, or "
                      "both would export the same series",
                      instance.kind->name, same->second));
    }
  }

 private:
  Diagnostics& diagnostics_;
  std::map<std::string, int> names_;
  std::map<std::pair<const CollectorEntry*, ConstantLabels>, int> series_;
};

}  // namespace

std::vector<std::shared_ptr<const InstanceConfig>> ReadCollectors(
    const std::vector<YamlNode>& items, std::span<const CollectorEntry> kinds,
    Duration default_interval, Diagnostics& diagnostics) {
  std::vector<std::shared_ptr<const InstanceConfig>> instances;
  DuplicateFinder duplicates(diagnostics);
  for (const YamlNode& item : items) {
    const auto instance = ReadInstance(item, kinds, default_interval, diagnostics);
    if (instance == nullptr) continue;
    duplicates.Check(item, *instance);
    instances.push_back(instance);
  }
  return instances;
}

}  // namespace tocsin
