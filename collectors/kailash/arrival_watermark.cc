#include "collectors/kailash/arrival_watermark.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>

#include "collectors/json_member.h"

namespace tocsin::collectors::kailash {
namespace {

std::int64_t Count(Moment moment) {
  return moment.time_since_epoch().count();
}

std::optional<Moment> MomentIn(const boost::json::value& saved, std::string_view key) {
  const std::optional<std::int64_t> count = IntegerIn(saved, key);
  if (!count) return std::nullopt;
  return Moment(Microseconds(*count));
}

}  // namespace

void ArrivalWatermark::Begin(std::optional<Moment> newest, Moment now) {
  has_begun_ = true;
  if (!newest) return;
  at_ = floor_ = std::min(*newest, now);
}

ArrivalWatermark::Position ArrivalWatermark::next() const {
  if (cursor_) return *cursor_;
  if (!at_) return {};
  const Moment from = *at_ - overlap_;
  return {FormatIsoSecond(forgotten_ ? std::max(from, *forgotten_) : from), ""};
}

bool ArrivalWatermark::Admit(const std::string& id, Moment stamp) {
  if (forgotten_ && stamp < *forgotten_) return false;
  return seen_.emplace(id, stamp).second;
}

void ArrivalWatermark::EndPage(std::optional<Position> last, std::optional<Moment> newest,
                               bool is_full, Moment now) {
  if (newest) {
    const Moment reached = std::min(*newest, now);
    at_ = at_ ? std::max(*at_, reached) : reached;
  }
  cursor_ = is_full ? std::move(last) : std::nullopt;
  if (caught_up()) floor_ = at_;
  Forget();
}

void ArrivalWatermark::Forget() {
  if (floor_) {
    const Moment oldest = *floor_ - 2 * overlap_;
    std::erase_if(seen_, [&](const auto& row) { return row.second < oldest; });
  }
  if (seen_.size() <= most_seen_) return;
  std::vector<Moment> stamps;
  stamps.reserve(seen_.size());
  for (const auto& [id, stamp] : seen_) stamps.push_back(stamp);
  const auto cut = stamps.end() - static_cast<std::ptrdiff_t>(most_seen_);
  std::nth_element(stamps.begin(), cut, stamps.end());
  forgotten_ = *cut;
  std::erase_if(seen_, [&](const auto& row) { return row.second < *cut; });
}

boost::json::object ArrivalWatermark::Save() const {
  boost::json::object saved;
  if (!has_begun_) return saved;
  boost::json::array seen;
  for (const auto& [id, stamp] : seen_) seen.push_back(boost::json::array{id, Count(stamp)});
  saved["seen"] = std::move(seen);
  if (at_) saved["at"] = Count(*at_);
  if (floor_) saved["floor"] = Count(*floor_);
  if (forgotten_) saved["forgotten"] = Count(*forgotten_);
  return saved;
}

void ArrivalWatermark::Restore(const boost::json::value& saved) {
  if (!MemberIn(saved, "seen").is_array()) return;
  has_begun_ = true;
  at_ = MomentIn(saved, "at");
  floor_ = MomentIn(saved, "floor");
  forgotten_ = MomentIn(saved, "forgotten");
  for (const boost::json::value& row : ArrayIn(saved, "seen")) {
    if (!row.is_array() || row.get_array().size() != 2) continue;
    const boost::json::value& id = row.get_array()[0];
    const boost::json::value& stamp = row.get_array()[1];
    if (!id.is_string() || !stamp.is_int64()) continue;
    seen_.emplace(std::string(std::string_view(id.get_string())),
                  Moment(Microseconds(stamp.get_int64())));
  }
}

}  // namespace tocsin::collectors::kailash
