#include "notify/silence.h"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "notify/notification.h"

namespace tocsin::notify {
namespace {

using State = Silence::State;

Error Invalid(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

/// Whether the matcher says nothing: it holds for alerts without its label. Negative ones do not
/// count, as in Alertmanager.
bool MatchesEmpty(const LabelMatcher& matcher) {
  return matcher.is_equal() && matcher.Matches(Labels());
}

Status Check(const Silence& silence) {
  const LabelMatchers& matchers = silence.matchers;
  if (matchers.empty()) return Invalid("a silence needs a matcher");
  if (std::all_of(matchers.begin(), matchers.end(), MatchesEmpty)) {
    return Invalid("at least one matcher must not match the empty text");
  }
  if (silence.ends_at <= silence.starts_at) return Invalid("a silence has to end after its start");
  return {};
}

std::size_t TextBytes(const Silence& silence) {
  std::size_t bytes = silence.created_by.size() + silence.comment.size();
  for (const LabelMatcher& matcher : silence.matchers) {
    bytes += matcher.name.size() + matcher.value.size();
  }
  return bytes;
}

/// Alertmanager's clients send back a start in whole milliseconds, some in seconds.
bool IsSameSecond(TimePoint a, TimePoint b) {
  return std::chrono::floor<std::chrono::seconds>(a) == std::chrono::floor<std::chrono::seconds>(b);
}

/// Whether `old` can become `wanted` and stay the same silence.
bool CanBecome(const Silence& old, const Silence& wanted, TimePoint now) {
  if (ToString(old.matchers) != ToString(wanted.matchers)) return false;
  switch (old.StateAt(now)) {
    case State::kActive: return IsSameSecond(old.starts_at, wanted.starts_at);
    case State::kPending: return wanted.starts_at >= now;
    case State::kExpired: return false;
  }
  return false;
}

/// `silence`, ending now.
Silence Ended(Silence silence, TimePoint now) {
  silence.starts_at = std::min(silence.starts_at, now);
  silence.ends_at = now;
  silence.updated_at = now;
  return silence;
}

/// Among those of one state, which comes first.
TimePoint::duration Rank(const Silence& silence, State state) {
  switch (state) {
    case State::kActive: return silence.ends_at.time_since_epoch();
    case State::kPending: return silence.starts_at.time_since_epoch();
    case State::kExpired: return -silence.ends_at.time_since_epoch();
  }
  return {};
}

}  // namespace

Silence::State Silence::StateAt(TimePoint now) const {
  if (now >= ends_at) return State::kExpired;
  return now < starts_at ? State::kPending : State::kActive;
}

std::string_view Name(Silence::State state) {
  switch (state) {
    case State::kPending: return "pending";
    case State::kActive: return "active";
    case State::kExpired: return "expired";
  }
  return {};
}

void Silences::Load(std::vector<Silence> kept, TimePoint now) {
  for (Silence& silence : kept) {
    const bool is_old = silence.ends_at + kRetention <= now;
    // One that ended before it began has no end after its start.
    const bool makes_sense = silence.StateAt(now) == State::kExpired || Check(silence);
    if (silence.id.empty() || is_old || !makes_sense) continue;
    std::string id = silence.id;
    by_id_.insert_or_assign(std::move(id), std::move(silence));
  }
}

Result<Silences::Change> Silences::Set(Silence silence, TimePoint now) {
  const auto old = silence.id.empty() ? by_id_.end() : by_id_.find(silence.id);
  if (!silence.id.empty() && old == by_id_.end()) {
    return Error{ErrorCode::kNotFound, fmt::format("there is no silence {}", silence.id)};
  }
  const bool stays = old != by_id_.end() && CanBecome(old->second, silence, now);
  const bool replaces = old != by_id_.end() && old->second.StateAt(now) != State::kExpired;
  silence.starts_at = stays && old->second.StateAt(now) == State::kActive
                          ? old->second.starts_at
                          : std::max(silence.starts_at, now);
  if (silence.ends_at <= now) return Invalid("a silence cannot end in the past");
  if (Status status = Check(silence); !status) return status.error();
  if (Status status = CheckLimits(silence, replaces, now); !status) return status.error();

  Change change;
  if (!stays) {
    if (replaces) change.changed.push_back(old->second = Ended(old->second, now));
    silence.id = RandomUuid();
  }
  silence.updated_at = now;
  change.id = silence.id;
  change.changed.push_back(silence);
  by_id_.insert_or_assign(change.id, std::move(silence));
  return change;
}

Status Silences::CheckLimits(const Silence& silence, bool replaces, TimePoint now) const {
  if (TextBytes(silence) > limits_.bytes) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("a silence may have {} bytes of text", limits_.bytes)};
  }
  if (replaces) return {};
  const auto lasting = std::count_if(by_id_.begin(), by_id_.end(), [&](const auto& entry) {
    return entry.second.StateAt(now) != State::kExpired;
  });
  if (static_cast<std::size_t>(lasting) < limits_.silences) return {};
  return Error{ErrorCode::kTooLarge, fmt::format("there are {} silences already", lasting)};
}

Result<Silences::Change> Silences::Expire(std::string_view id, TimePoint now) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) {
    return Error{ErrorCode::kNotFound, fmt::format("there is no silence {}", id)};
  }
  if (found->second.StateAt(now) == State::kExpired) {
    return Invalid(fmt::format("silence {} has ended already", id));
  }
  found->second = Ended(found->second, now);
  return Change{found->first, {found->second}};
}

const Silence* Silences::Find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

std::vector<Silence> Silences::All(TimePoint now) const {
  std::vector<Silence> all;
  all.reserve(by_id_.size());
  for (const auto& [id, silence] : by_id_) all.push_back(silence);
  const auto order = [&](const Silence& silence) {
    const State state = silence.StateAt(now);
    const int first = state == State::kActive ? 0 : state == State::kPending ? 1 : 2;
    return std::pair(first, Rank(silence, state));
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const Silence& a, const Silence& b) { return order(a) < order(b); });
  return all;
}

std::vector<std::string> Silences::SilencedBy(const Labels& labels, TimePoint now) const {
  std::vector<std::string> ids;
  for (const auto& [id, silence] : by_id_) {
    if (silence.StateAt(now) != State::kActive || !Matches(silence.matchers, labels)) continue;
    ids.push_back(id);
  }
  return ids;
}

std::vector<std::string> Silences::DropOld(TimePoint now) {
  std::vector<std::string> ids;
  for (auto entry = by_id_.begin(); entry != by_id_.end();) {
    if (entry->second.ends_at + kRetention > now) {
      ++entry;
      continue;
    }
    ids.push_back(entry->first);
    entry = by_id_.erase(entry);
  }
  return ids;
}

}  // namespace tocsin::notify
