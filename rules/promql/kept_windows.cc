#include "rules/promql/kept_windows.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "rules/storage/series.h"

namespace tocsin::promql {
namespace {

constexpr std::size_t kSampleBytes = sizeof(Millis) + sizeof(double);
constexpr std::size_t kSelectorsShare = 4;
/// How many series ahead of the one that is moved memory is asked for.
constexpr std::size_t kPrefetch = 4;

/// Room for some more samples than there are, so that they are moved now and then only.
std::size_t RoomFor(std::size_t samples) {
  return samples + samples / 8 + 2;
}

}  // namespace

bool WindowAllowance::Take(std::size_t bytes) {
  if (taken_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= most_) return true;
  GiveBack(bytes);
  return false;
}

bool KeptWindows::Take(std::size_t bytes) {
  if (bytes_ + bytes > allowance_->most() / kSelectorsShare || !allowance_->Take(bytes)) {
    return false;
  }
  bytes_ += bytes;
  return true;
}

void KeptWindows::GiveBack(std::size_t bytes) {
  allowance_->GiveBack(bytes);
  bytes_ -= bytes;
}

void KeptWindows::Begin(const std::shared_ptr<const Selection>& selection, Millis start,
                        Millis end) {
  if (start < start_ || end < end_) {
    for (Window& window : windows_) Drop(window);
  }
  start_ = start;
  end_ = end;
  if (selection != selection_) Remap(selection);
}

/// Gives each series of `selection` the window that it had.
void KeptWindows::Remap(const std::shared_ptr<const Selection>& selection) {
  std::unordered_map<std::uint64_t, Window> known;
  for (Window& window : windows_) {
    const std::uint64_t id = window.position.series_id;
    if (id != ReadPosition::kNoSeries) known.emplace(id, std::move(window));
  }
  GiveBack(windows_.size() * sizeof(Window));
  windows_.clear();
  selection_ = selection;
  if (Take(selection->size() * sizeof(Window))) windows_.resize(selection->size());
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    const auto found = known.find(selection->series()[i]->id());
    if (found != known.end()) windows_[i] = std::move(found->second);
  }
  for (auto& [id, window] : known) {
    if (window.memory != nullptr) Drop(window);
  }
}

bool KeptWindows::Advance(std::size_t i, ReadPoint at) {
  if (windows_.empty()) return false;
  if (i + kPrefetch < windows_.size()) {
    const Window& next = windows_[i + kPrefetch];
    __builtin_prefetch(next.t() + next.begin);
    __builtin_prefetch(next.v() + next.begin);
  }
  Window& window = windows_[i];
  if (window.position.series_id == ReadPosition::kNoSeries) return false;
  // What lies between is too old to count from now on.
  window.position.t = std::max(window.position.t, start_);
  window.position.held_after = start_;
  fresh_.clear();
  const bool is_known = selection_->ReadOn(i, end_, window.position, fresh_, at);
  if (!is_known || !Append(window, fresh_)) {
    Drop(window);
    return false;
  }
  const Millis* const t = window.t();
  while (window.begin < window.end && t[window.begin] <= start_) ++window.begin;
  return true;
}

void KeptWindows::Keep(std::size_t i, const Samples& samples) {
  if (windows_.empty()) return;
  Window& window = windows_[i];
  Drop(window);
  if (!Append(window, samples)) return;
  // A stale marker after the last sample will be met again, and left out again.
  window.position.series_id = selection_->series()[i]->id();
  window.position.t = samples.size() == 0 ? start_ : samples.t.back();
}

/// Without stale markers. False if there is no room.
bool KeptWindows::Append(Window& window, const Samples& samples) {
  if (window.end + samples.size() > window.capacity && !MakeRoom(window, samples.size())) {
    return false;
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (IsStaleNan(samples.v[i])) continue;
    window.t()[window.end] = samples.t[i];
    window.v()[window.end] = samples.v[i];
    ++window.end;
  }
  return true;
}

/// Moves the samples that still count to the beginning, of more memory if they fill it.
bool KeptWindows::MakeRoom(Window& window, std::size_t more) {
  const Millis* const t = window.t();
  while (window.begin < window.end && t[window.begin] <= start_) ++window.begin;
  const std::size_t size = window.size();
  const bool fits = window.begin > 0 && size + more <= window.capacity;
  Window to;
  to.capacity = fits ? window.capacity : static_cast<std::uint32_t>(RoomFor(size + more));
  if (!fits) {
    if (!Take(to.capacity * kSampleBytes)) return false;
    to.memory.reset(new std::uint64_t[2 * std::size_t{to.capacity}]);
  }
  const Window& target = fits ? window : to;
  std::copy(window.t() + window.begin, window.t() + window.end, target.t());
  std::copy(window.v() + window.begin, window.v() + window.end, target.v());
  if (!fits) {
    GiveBack(window.capacity * kSampleBytes);
    window.memory = std::move(to.memory);
    window.capacity = to.capacity;
  }
  window.begin = 0;
  window.end = static_cast<std::uint32_t>(size);
  return true;
}

void KeptWindows::Drop(Window& window) {
  GiveBack(window.capacity * kSampleBytes);
  window = Window();
}

void KeptWindows::DropAll() {
  for (Window& window : windows_) Drop(window);
  GiveBack(windows_.size() * sizeof(Window));
  windows_.clear();
}

}  // namespace tocsin::promql
