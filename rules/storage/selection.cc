#include "rules/storage/selection.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "rules/storage/series.h"

namespace tocsin {
namespace {

/// How many series ahead of the one that is read memory is asked for.
constexpr std::size_t kPrefetch = 32;

}  // namespace

Selection::Selection(std::vector<RefPtr<const Series>> series, CompleteBatch complete)
    : series_(std::move(series)), complete_(std::move(complete)) {}

Selection::~Selection() = default;

/// Asks for the memory of series `i`, if there is one.
inline void Selection::Prefetch(std::size_t i) const {
  if (i < series_.size()) __builtin_prefetch(series_[i].get());
}

const Labels& Selection::labels(std::size_t i) const {
  return series_[i]->labels();
}

std::optional<Sample> Selection::Newest(std::size_t i, Millis after, Millis until,
                                        ReadPoint at) const {
  const Sample newest = series_[i]->Newest(after, until, AsOf(at));
  if (newest.t == kNoSample.t) return std::nullopt;
  return newest;
}

void Selection::Newest(std::size_t begin, Millis after, Millis until, std::span<Sample> out,
                       ReadPoint at) const {
  const std::uint64_t as_of = AsOf(at);
  for (std::size_t i = 0; i < out.size(); ++i) {
    Prefetch(begin + i + kPrefetch);
    out[i] = series_[begin + i]->Newest(after, until, as_of);
  }
}

void Selection::Read(std::size_t i, Millis after, Millis until, Samples& out, ReadPoint at,
                     StaleMarkers markers) const {
  series_[i]->Read(after, until, AsOf(at), out, markers);
}

bool Selection::ReadOn(std::size_t i, Millis until, ReadPosition& position, Samples& out,
                       ReadPoint at) const {
  Prefetch(i + kPrefetch);
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
