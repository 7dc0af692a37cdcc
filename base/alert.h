// An alert, as the rules tell it to whoever rings.

#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"

namespace tocsin {

/// Names and texts, sorted by name, each name once.
using Annotations = std::vector<std::pair<std::string, std::string>>;

/// Annotations that do not change: a copy is a counted pointer. Made of Annotations, and read as
/// them. Safe for concurrent use as immutable things are.
class SharedAnnotations {
 public:
  SharedAnnotations() = default;
  SharedAnnotations(Annotations texts);
  SharedAnnotations(std::initializer_list<Annotations::value_type> texts)
      : SharedAnnotations(Annotations(texts)) {}

  operator const Annotations&() const { return all(); }
  const Annotations& all() const;
  Annotations::const_iterator begin() const { return all().begin(); }
  Annotations::const_iterator end() const { return all().end(); }
  bool empty() const { return texts_ == nullptr; }

  /// Of names and texts.
  friend bool operator==(const SharedAnnotations& a, const SharedAnnotations& b) {
    return a.texts_ == b.texts_ || a.all() == b.all();
  }

 private:
  std::shared_ptr<const Annotations> texts_;  ///< Null if there are none.
};

/// Why a rule tells of an alert now.
enum class AlertReason {
  kFiring,       ///< It has begun to fire.
  kRepeat,       ///< It still is what was last told.
  kResolved,     ///< Its condition holds no longer.
  kMissing,      ///< Resolved: its series is gone.
  kRuleRemoved,  ///< Resolved: a reload has taken away its rule.
};
/// "firing", "repeat", "resolved", "missing", "rule removed".
std::string_view Name(AlertReason reason);

/// What is known of the rule behind an alert, for those who tell people of it. Immutable.
struct AlertRule {
  std::string group;
  std::string expression;
  /// What the value is compared with at the outermost: "> 300". Empty if that is no number.
  std::string condition;
};

/// What is told of one alert at one moment. Its labels are what it is; the rest may change.
struct Alert {
  Labels labels;  ///< With `alertname`; without external labels.
  SharedAnnotations annotations;
  TimePoint starts_at;  ///< When it began to fire.
  /// Resolved: when that was. Firing: until when it holds unless it is told again.
  TimePoint ends_at;
  bool resolved = false;
  AlertReason reason = AlertReason::kFiring;
  double value = 0;  ///< Of its expression; of a resolved one, what it was at the resolution.
  std::string generator_url;                        ///< Where its expression can be looked at.
  std::shared_ptr<const AlertRule> rule = nullptr;  ///< Null if it came from elsewhere.
};

/// Takes alerts. Safe for concurrent use; never waits for a network or a disk.
class AlertSink {
 public:
  virtual ~AlertSink() = default;
  /// Alerts of one rule, in the order of its result.
  virtual void Send(std::span<const Alert> alerts) = 0;
  /// Alerts that were sent before a restart, as they go on now: for those who do not remember them.
  /// Before the first evaluation of their rule.
  virtual void Resume(std::span<const Alert> /*alerts*/) {}
};

}  // namespace tocsin
