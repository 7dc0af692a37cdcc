#include "rules/storage/selection.h"

#include <utility>

#include "rules/storage/series.h"

namespace tocsin {
namespace {

/// How many series ahead of the one that is read memory is asked for.
constexpr std::size_t kPrefetch = 8;

}  // namespace

Selection::Selection(std::vector<RefPtr<const Series>> series, CompleteBatch complete)
    : series_(std::move(series)), complete_(std::move(complete)) {}

Selection::~Selection() = default;

const Labels& Selection::labels(std::size_t i) const {
  return series_[i]->labels();
}

std::optional<Sample> Selection::Newest(std::size_t i, Millis after, Millis until,
                                        ReadPoint at) const {
  if (i + kPrefetch < series_.size()) __builtin_prefetch(series_[i + kPrefetch].get());
  return series_[i]->Newest(after, until, AsOf(at));
}

void Selection::Read(std::size_t i, Millis after, Millis until, Samples& out, ReadPoint at,
                     StaleMarkers markers) const {
  series_[i]->Read(after, until, AsOf(at), out, markers);
}

bool Selection::ReadOn(std::size_t i, Millis until, ReadPosition& position, Samples& out,
                       ReadPoint at) const {
  if (i + kPrefetch < series_.size()) __builtin_prefetch(series_[i + kPrefetch].get());
  const Series& series = *series_[i];
  const bool is_new = position.series_id == ReadPosition::kNoSeries;
  if (!is_new && position.series_id != series.id()) {
    position = {};
    return false;
  }
  const std::uint64_t as_of = AsOf(at);
  const std::size_t before = out.size();
  if (series.Newest(position.t, until, as_of)) {
    series.Read(position.t, until, as_of, out, StaleMarkers::kKeep);
  }
  // Asked after reading: what is dropped in between is missed, too.
  if (!is_new && !series.IsCompleteAfter(position.t)) {
    out.t.resize(before);
    out.v.resize(before);
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
