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

std::size_t Selection::CountAtMost(std::size_t i, Millis after, Millis until) const {
  return series_[i]->CountAtMost(after, until);
}

}  // namespace tocsin
