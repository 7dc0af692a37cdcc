#include "collectors/dagster/watermark.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>

#include "collectors/json_member.h"

namespace tocsin::collectors::dagster {
namespace {

/// What can still be uncommitted when a later id is already visible.
constexpr std::int64_t kIdOverlap = 1000;

/// Bounds the memory while a long backlog is read. The oldest are forgotten first.
constexpr std::size_t kMostCounted = 100'000;

std::int64_t Count(Moment moment) {
  return moment.time_since_epoch().count();
}

std::optional<Moment> MomentIn(const boost::json::value& saved, std::string_view key) {
  const std::optional<std::int64_t> count = IntegerIn(saved, key);
  if (!count) return std::nullopt;
  return Moment(Microseconds(*count));
}

}  // namespace

template <class Id>
void RowWatermark<Id>::Begin(std::optional<Moment> newest, Moment now) {
  at_ = newest ? std::min(*newest, now) : now;
  begin_ = at_;
  floor_ = at_;
}

template <class Id>
typename RowWatermark<Id>::Position RowWatermark<Id>::next() const {
  if (cursor_) return *cursor_;
  return {at_ - overlap_, Id{}};
}

template <class Id>
bool RowWatermark<Id>::IsNew(const std::string& run_id, Moment updated,
                             std::optional<Moment> ended) const {
  const Moment end = ended.value_or(updated);
  const bool before_us = begin_ && end <= *begin_;
  const bool merely_edited = ended && *ended <= floor_ - overlap_;
  return !before_us && !merely_edited && !counted_.contains(run_id);
}

template <class Id>
void RowWatermark<Id>::MarkCounted(const std::string& run_id, Moment updated) {
  counted_.insert_or_assign(run_id, updated);
}

template <class Id>
void RowWatermark<Id>::EndPage(std::optional<Position> last, bool is_full, Moment now) {
  if (last) at_ = std::max(at_, std::min(last->updated, now));
  cursor_ = is_full ? last : std::nullopt;
  if (caught_up()) floor_ = at_;
  Forget();
}

template <class Id>
void RowWatermark<Id>::Forget() {
  // A run that was counted can come up again as long as IsNew() would accept its end.
  const Moment oldest = floor_ - 2 * overlap_;
  std::erase_if(counted_, [&](const auto& run) { return run.second < oldest; });
  if (counted_.size() <= kMostCounted) return;
  std::vector<Moment> moments;
  moments.reserve(counted_.size());
  for (const auto& [run_id, updated] : counted_) moments.push_back(updated);
  const auto cut = moments.end() - static_cast<std::ptrdiff_t>(kMostCounted);
  std::nth_element(moments.begin(), cut, moments.end());
  std::erase_if(counted_, [&](const auto& run) { return run.second < *cut; });
}

template <class Id>
boost::json::object RowWatermark<Id>::Save() const {
  boost::json::array counted;
  for (const auto& [run_id, updated] : counted_) {
    counted.push_back(boost::json::array{run_id, Count(updated)});
  }
  boost::json::object saved = {{"at", Count(at_)}, {"floor", Count(floor_)}, {"counted", counted}};
  if (begin_) saved["begin"] = Count(*begin_);
  return saved;
}

template <class Id>
void RowWatermark<Id>::Restore(const boost::json::value& saved) {
  const std::optional<Moment> begin = MomentIn(saved, "begin");
  const std::optional<Moment> at = MomentIn(saved, "at");
  const std::optional<Moment> floor = MomentIn(saved, "floor");
  if (!begin || !at || !floor) return;
  begin_ = begin;
  at_ = *at;
  floor_ = *floor;
  for (const boost::json::value& run : ArrayIn(saved, "counted")) {
    if (!run.is_array() || run.get_array().size() != 2) continue;
    const boost::json::value& run_id = run.get_array()[0];
    const boost::json::value& updated = run.get_array()[1];
    if (!run_id.is_string() || !updated.is_int64()) continue;
    counted_.emplace(std::string(std::string_view(run_id.get_string())),
                     Moment(Microseconds(updated.get_int64())));
  }
}

template class RowWatermark<std::int64_t>;
template class RowWatermark<std::string>;

void IdWatermark::Begin(std::int64_t newest) {
  begin_ = newest;
  at_ = newest;
}

void IdWatermark::Check(std::int64_t newest) {
  if (newest >= at_) return;
  // Which ids were counted is known of the overlap alone. Without this bound, the overlap before
  // the lower watermark would let in what was counted and has been forgotten.
  const std::int64_t forgotten = std::max(begin_.value_or(0), at_ - kIdOverlap);
  begin_ = std::min(forgotten, newest);
  at_ = newest;
  cursor_.reset();
  counted_.erase(counted_.upper_bound(newest), counted_.end());
}

std::int64_t IdWatermark::next() const {
  if (cursor_) return *cursor_;
  return std::max(begin_.value_or(0), at_ - kIdOverlap);
}

bool IdWatermark::Admit(std::int64_t id) {
  return (!begin_ || id > *begin_) && counted_.insert(id).second;
}

void IdWatermark::EndPage(std::optional<std::int64_t> last, bool is_full) {
  if (last) at_ = std::max(at_, *last);
  cursor_ = is_full ? last : std::nullopt;
  counted_.erase(counted_.begin(), counted_.upper_bound(at_ - kIdOverlap));
}

boost::json::object IdWatermark::Save() const {
  boost::json::object saved = {{"at", at_},
                               {"counted", boost::json::array(counted_.begin(), counted_.end())}};
  if (begin_) saved["begin"] = *begin_;
  return saved;
}

void IdWatermark::Restore(const boost::json::value& saved) {
  const std::optional<std::int64_t> begin = IntegerIn(saved, "begin");
  const std::optional<std::int64_t> at = IntegerIn(saved, "at");
  if (!begin || !at) return;
  begin_ = begin;
  at_ = *at;
  for (const boost::json::value& id : ArrayIn(saved, "counted")) {
    if (id.is_int64()) counted_.insert(id.get_int64());
  }
}

}  // namespace tocsin::collectors::dagster
