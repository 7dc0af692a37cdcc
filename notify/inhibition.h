// Alerts that keep others quiet.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/yaml.h"
#include "notify/label_matcher.h"
#include "notify/received_alert.h"

namespace tocsin::notify {

/// One entry of `inhibit_rules`: while a source fires, targets with the same values of `equal` are
/// quiet. A missing label is the same as an empty one. An alert that matches both sides is not kept
/// quiet by another that does.
/// Source: Alertmanager's documentation, "Inhibition-related settings"; inhibit/inhibit.go.
struct InhibitRule {
  std::string name;  ///< May be empty.
  LabelMatchers source;
  LabelMatchers target;
  std::vector<std::string> equal;
};

/// Reads `inhibit_rules`, also with `source_match(_re)` and `target_match(_re)`, the older words.
std::vector<InhibitRule> ReadInhibitRules(YamlMap& notify);

/// Knows which alerts are sources. One thread at a time.
class Inhibitor {
 public:
  explicit Inhibitor(std::vector<InhibitRule> rules);
  ~Inhibitor();
  Inhibitor(Inhibitor&&) noexcept;
  Inhibitor& operator=(Inhibitor&&) noexcept;

  /// An alert is what it is now, fires or is resolved.
  void Update(const ReceivedAlert& alert);
  /// Forgets an alert.
  void Remove(const Labels& labels);

  /// The fingerprint of a source that keeps an alert with these labels quiet.
  std::optional<std::uint64_t> InhibitedBy(const Labels& labels, TimePoint now) const;

 private:
  struct Rule;
  std::vector<Rule> rules_;
};

}  // namespace tocsin::notify
