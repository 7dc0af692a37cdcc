// Silences: what somebody does not want to hear of for some time.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/result.h"
#include "notify/label_matcher.h"

namespace tocsin::notify {

/// From `starts_at` until `ends_at`, the end not included. A copy is what somebody saw.
/// Source: Alertmanager's api/v2/openapi.yaml, "gettableSilence"; silence/silence.go.
struct Silence {
  enum class State { kPending, kActive, kExpired };

  std::string id;  ///< A random UUID; empty for one that is to be made.
  LabelMatchers matchers;
  TimePoint starts_at;
  TimePoint ends_at;
  TimePoint updated_at;
  std::string created_by;
  std::string comment;

  State StateAt(TimePoint now) const;
};
/// "pending", "active", "expired".
std::string_view Name(Silence::State state);

/// All silences, those that ended lately included. Decides; keeps nothing on disk. One thread at a
/// time.
class Silences {
 public:
  /// How long a silence that has ended can still be looked at.
  static constexpr Duration kRetention = std::chrono::hours(120);
  struct Limits {
    std::size_t silences = 10'000;  ///< That have not ended.
    std::size_t bytes = 32'768;     ///< Of the text of one.
  };

  Silences() = default;
  explicit Silences(Limits limits) : limits_(limits) {}

  /// As they were kept; those that make no sense any more are left out.
  void Load(std::vector<Silence> kept, TimePoint now);

  /// What has to be written: silences that are new or changed, in order, and which one `Set` made.
  struct Change {
    std::string id;
    std::vector<Silence> changed;
  };
  /// Makes a silence (no id), or changes one. What a silence keeps quiet cannot be changed, nor
  /// since when, if it is active: then the old one ends now and another one begins, as it does for
  /// a silence that has ended. A start in the past becomes now. Fails with kInvalidInput (no
  /// matcher, all matchers match the empty text, end not after start, end in the past), kNotFound
  /// (no such id) or kTooLarge. Nothing has changed then.
  Result<Change> Set(Silence silence, TimePoint now);
  /// Ends a silence now. Fails with kNotFound, or kInvalidInput if it has ended already.
  Result<Change> Expire(std::string_view id, TimePoint now);

  const Silence* Find(std::string_view id) const;
  /// In Alertmanager's order: active (what ends soonest first), pending (what begins soonest
  /// first), expired (what ended last first).
  std::vector<Silence> All(TimePoint now) const;

  /// The ids of the active silences that match, sorted.
  std::vector<std::string> SilencedBy(const Labels& labels, TimePoint now) const;

  /// Forgets those that ended kRetention ago; gives their ids.
  std::vector<std::string> DropOld(TimePoint now);

 private:
  Status CheckLimits(const Silence& silence, bool replaces, TimePoint now) const;

  Limits limits_;
  std::map<std::string, Silence, std::less<>> by_id_;
};

}  // namespace tocsin::notify
