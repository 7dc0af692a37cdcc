#include "notify/inhibition.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/symbol.h"

namespace tocsin::notify {
namespace {

/// Of the labels in `equal`, in order.
using EqualValues = std::vector<Symbol>;

struct HashValues {
  std::size_t operator()(const EqualValues& values) const {
    std::uint64_t hash = values.size();
    for (const Symbol& value : values) hash = MixHash(hash ^ value.hash());
    return hash;
  }
};

/// Until when a source fires, and which one it is.
struct Source {
  TimePoint end;
  Labels labels;

  friend bool operator<(const Source& a, const Source& b) {
    return a.end != b.end ? a.end > b.end : a.labels < b.labels;
  }
};
/// The one that fires longest stands first: if it has ended, all have.
using Sources = std::set<Source>;

/// Sources with the same values of `equal`.
struct Bucket {
  Sources one_sided;
  Sources two_sided;  ///< Those that are targets, too.

  Sources& Of(bool is_target) { return is_target ? two_sided : one_sided; }
  bool empty() const { return one_sided.empty() && two_sided.empty(); }
};

/// When an alert that fires ends by itself.
TimePoint EndOf(const Alert& alert) {
  return alert.ends_at == TimePoint() ? TimePoint::max() : alert.ends_at;
}

const Labels* FindFiring(const Sources& sources, TimePoint now) {
  const bool fires = !sources.empty() && sources.begin()->end > now;
  return fires ? &sources.begin()->labels : nullptr;
}

}  // namespace

struct Inhibitor::Rule {
  explicit Rule(InhibitRule rule) : source(std::move(rule.source)), target(std::move(rule.target)) {
    equal.reserve(rule.equal.size());
    for (const std::string& name : rule.equal) equal.emplace_back(name);
  }

  EqualValues ValuesOf(const Labels& labels) const {
    EqualValues values;
    values.reserve(equal.size());
    for (const Symbol& name : equal) values.push_back(labels.Get(name));
    return values;
  }

  void Update(const ReceivedAlert& alert) {
    if (!Matches(source, alert.labels)) return;
    Remove(alert.labels);
    if (alert.alert->resolved) return;
    const TimePoint end = EndOf(*alert.alert);
    ends.emplace(alert.labels, end);
    Bucket& bucket = buckets[ValuesOf(alert.labels)];
    bucket.Of(Matches(target, alert.labels)).insert({end, alert.labels});
  }

  void Remove(const Labels& labels) {
    const auto known = ends.find(labels);
    if (known == ends.end()) return;
    const auto bucket = buckets.find(ValuesOf(labels));
    bucket->second.Of(Matches(target, labels)).erase({known->second, labels});
    if (bucket->second.empty()) buckets.erase(bucket);
    ends.erase(known);
  }

  const Labels* FindSource(const Labels& labels, TimePoint now) const {
    if (ends.empty() || !Matches(target, labels)) return nullptr;
    const auto bucket = buckets.find(ValuesOf(labels));
    if (bucket == buckets.end()) return nullptr;
    const Labels* const found = FindFiring(bucket->second.one_sided, now);
    if (found != nullptr || Matches(source, labels)) return found;
    return FindFiring(bucket->second.two_sided, now);
  }

  LabelMatchers source;
  LabelMatchers target;
  std::vector<Symbol> equal;
  std::unordered_map<EqualValues, Bucket, HashValues> buckets;
  std::unordered_map<Labels, TimePoint> ends;  ///< Of every source in a bucket.
};

Inhibitor::Inhibitor(std::vector<InhibitRule> rules) {
  rules_.reserve(rules.size());
  for (InhibitRule& rule : rules) rules_.emplace_back(std::move(rule));
}

Inhibitor::~Inhibitor() = default;
Inhibitor::Inhibitor(Inhibitor&&) noexcept = default;
Inhibitor& Inhibitor::operator=(Inhibitor&&) noexcept = default;

void Inhibitor::Update(const ReceivedAlert& alert) {
  for (Rule& rule : rules_) rule.Update(alert);
}

void Inhibitor::Remove(const Labels& labels) {
  for (Rule& rule : rules_) rule.Remove(labels);
}

std::optional<std::uint64_t> Inhibitor::InhibitedBy(const Labels& labels, TimePoint now) const {
  for (const Rule& rule : rules_) {
    if (const Labels* const source = rule.FindSource(labels, now)) return Fingerprint(*source);
  }
  return std::nullopt;
}

std::vector<InhibitRule> ReadInhibitRules(YamlMap& notify) {
  std::vector<InhibitRule> rules;
  for (const YamlNode& node : notify.List("inhibit_rules")) {
    YamlMap options(node, notify.diagnostics());
    InhibitRule rule;
    rule.name = options.StringOr("name", "");
    rule.source =
        ReadLabelMatchers(options, {"source_match", "source_match_re", "source_matchers"});
    rule.target =
        ReadLabelMatchers(options, {"target_match", "target_match_re", "target_matchers"});
    rule.equal = options.StringsOr("equal", {});
    if (!std::all_of(rule.equal.begin(), rule.equal.end(), IsUtf8Name)) {
      options.Refuse("equal", "expected names of labels, got an empty one");
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace tocsin::notify
