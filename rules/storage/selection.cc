#include "rules/storage/selection.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "rules/storage/series.h"

namespace tocsin {
namespace {

/// How many series ahead of the one that is read memory is asked for.
constexpr std::size_t kPrefetch = 16;

}  // namespace

Selection::Selection(std::vector<RefPtr<const Series>> series, CompleteBatch complete)
    : series_(std::move(series)), complete_(std::move(complete)) {}

Selection::~Selection() = default;

const Labels& Selection::labels(std::size_t i) const {
  return series_[i]->labels();
}

std::optional<Sample> Selection::Newest(std::size_t i, Millis after, Millis until,
                                        ReadPoint at) const {
  if (i + kPrefetch < series_.size()) __builtin_prefetch(series_[i + kPrefetch].get(), 1);
  return series_[i]->Newest(after, until, AsOf(at));
}

void Selection::Read(std::size_t i, Millis after, Millis until, Samples& out, ReadPoint at,
                     StaleMarkers markers) const {
  series_[i]->Read(after, until, AsOf(at), out, markers);
}

bool Selection::ReadOn(std::size_t i, Millis until, ReadPosition& position, Samples& out,
                       ReadPoint at) const {
  if (i + kPrefetch < series_.size()) __builtin_prefetch(series_[i + kPrefetch].get(), 1);
  const Series& series = *series_[i];
  const bool is_new = position.series_id == ReadPosition::kNoSeries;
  const bool is_other = !is_new && position.series_id != series.id();
  const Millis complete_after =
      is_new ? std::numeric_limits<Millis>::max() : std::min(position.t, position.held_after);
  const std::size_t before = out.size();
  if (is_other || !series.ReadOn(position.t, until, AsOf(at), complete_after, out)) {
    position = {};
    return false;
  }
  position.series_id = series.id();
  if (out.size() != before) position.t = out.t.back();
  return true;
}

std::size_t Selection::CountAtMost(std::size_t i, Millis after, Millis until) const {
  return series_[i]->CountAtMost(after, until);
}

}  // namespace tocsin
