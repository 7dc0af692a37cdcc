#include "rules/promql/kept_growth.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "rules/storage/series.h"

namespace tocsin::promql {
namespace {

constexpr std::size_t kSelectorsShare = 4;
/// How many series ahead of the one that is moved memory is asked for: first for what is always
/// needed, then, when that is there, for where it points.
constexpr std::size_t kPrefetchTrack = 12;
constexpr std::size_t kPrefetchOldest = 4;

}  // namespace

KeptGrowth::~KeptGrowth() {
  allowance_->GiveBack(bytes_);
}

void KeptGrowth::Begin(const std::shared_ptr<const Selection>& selection, Millis start,
                       Millis end) {
  if (start < start_ || end < end_) {
    for (Track& track : tracks_) track = Track();
  }
  start_ = start;
  end_ = end;
  if (selection == selection_) return;
  std::unordered_map<std::uint64_t, Track> known;
  for (Track& track : tracks_) {
    const std::uint64_t id = track.position.series_id;
    if (id != ReadPosition::kNoSeries) known.emplace(id, track);
  }
  allowance_->GiveBack(std::exchange(bytes_, 0));
  tracks_.clear();
  selection_ = selection;
  const std::size_t bytes = selection->size() * sizeof(Track);
  if (bytes > allowance_->most() / kSelectorsShare || !allowance_->Take(bytes)) return;
  bytes_ = bytes;
  tracks_.resize(selection->size());
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    const auto found = known.find(selection->series()[i]->id());
    if (found != known.end()) tracks_[i] = found->second;
  }
}

bool KeptGrowth::Advance(std::size_t i, ReadPoint at) {
  if (tracks_.empty()) return false;
  if (i + kPrefetchTrack < tracks_.size()) __builtin_prefetch(&tracks_[i + kPrefetchTrack], 1);
  if (i + kPrefetchOldest < tracks_.size()) {
    const Track& next = tracks_[i + kPrefetchOldest];
    __builtin_prefetch(&next.oldest[next.begin]);
  }
  Track& track = tracks_[i];
  if (track.position.series_id == ReadPosition::kNoSeries) return false;
  samples_.clear();
  // held_after is still that of the last window: what leaves is looked at, too.
  bool is_known = selection_->ReadOn(i, end_, track.position, samples_, at);
  for (std::size_t k = 0; is_known && k < samples_.size(); ++k) {
    if (!IsStaleNan(samples_.v[k])) Enter(track, {samples_.t[k], samples_.v[k]});
  }
  is_known = is_known && track.resets <= kMostResets && Leave(i, at);
  if (!is_known) {
    track = Track();
    return false;
  }
  track.position.held_after = start_;
  return true;
}

void KeptGrowth::Keep(std::size_t i, const SampleView& samples) {
  if (tracks_.empty()) return;
  Track& track = tracks_[i] = Track();
  for (std::size_t k = 0; k < samples.t.size(); ++k) Enter(track, {samples.t[k], samples.v[k]});
  if (track.resets > kMostResets) {
    track = Track();
    return;
  }
  track.position.series_id = selection_->series()[i]->id();
  // A stale marker after the last sample will be met again, and left out again.
  track.position.t = samples.t.empty() ? start_ : samples.t.back();
  track.position.held_after = start_;
}

void KeptGrowth::Enter(Track& track, Sample sample) {
  if (track.count == 0) {
    track.begin = track.size = 0;
  } else if (sample.v < track.last.v) {
    if (track.resets < kMostResets) track.before_resets[track.resets] = track.last;
    ++track.resets;
  }
  // Only while all samples are at hand: there is no gap between those that are.
  if (track.size == track.count && track.begin + track.size < kMostOldest) {
    track.oldest[track.begin + track.size] = sample;
    ++track.size;
  }
  track.last = sample;
  ++track.count;
}

/// Drops what is too old. False if the store cannot tell what follows.
bool KeptGrowth::Leave(std::size_t i, ReadPoint at) {
  Track& track = tracks_[i];
  while (track.count > 0 && track.oldest[track.begin].t <= start_) {
    const Millis left = track.oldest[track.begin].t;
    ++track.begin;
    --track.size;
    --track.count;
    if (track.size == 0 && track.count > 0 && !Refill(i, left, at)) return false;
  }
  LeaveResets(track);
  return true;
}

void KeptGrowth::LeaveResets(Track& track) const {
  if (track.resets == 0 || track.before_resets[0].t > start_) return;
  const auto end = track.before_resets.begin() + track.resets;
  const auto kept = std::remove_if(track.before_resets.begin(), end,
                                   [&](const Sample& sample) { return sample.t <= start_; });
  track.resets = static_cast<std::uint32_t>(kept - track.before_resets.begin());
}

/// Reads the oldest samples after `after`.
bool KeptGrowth::Refill(std::size_t i, Millis after, ReadPoint at) {
  Track& track = tracks_[i];
  const Millis length = track.last.t - after;
  Millis part = length / track.count * static_cast<Millis>(kMostOldest) + 1;
  samples_.clear();
  while (samples_.size() == 0) {
    const Millis until = part < length ? after + part : track.last.t;
    selection_->Read(i, after, until, samples_, at);
    if (samples_.size() == 0 && until == track.last.t) return false;
    part = part < length ? 2 * part : length;
  }
  track.begin = 0;
  track.size = static_cast<std::uint16_t>(std::min(samples_.size(), kMostOldest));
  for (std::size_t k = 0; k < track.size; ++k) {
    track.oldest[k] = {samples_.t[k], samples_.v[k]};
  }
  // What has been dropped before it was read would have been missed.
  samples_.clear();
  return track.size <= track.count &&
         selection_->ReadOn(i, track.position.t, track.position, samples_, at);
}

WindowGrowth KeptGrowth::growth(std::size_t i) {
  const Track& track = tracks_[i];
  resets_.clear();
  for (std::size_t k = 0; k < track.resets; ++k) resets_.push_back(track.before_resets[k].v);
  return {.first = track.oldest[track.begin],
          .last = track.last,
          .count = track.count,
          .start = start_,
          .end = end_,
          .before_resets = resets_};
}

}  // namespace tocsin::promql
