#include "rules/storage/selection.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "rules/storage/series.h"

namespace tocsin {
namespace {

/// How many series ahead of the one that is read memory is asked for.
constexpr std::size_t kPrefetch = 8;

/// The places of `found` in the order of labels.
std::vector<std::uint32_t> Order(std::span<const RefPtr<const Series>> found,
                                 std::span<const std::uint32_t> sorted,
                                 std::vector<std::uint32_t> unsorted) {
  const auto less = [&](std::uint32_t a, std::uint32_t b) {
    return found[a]->labels() < found[b]->labels();
  };
  std::sort(unsorted.begin(), unsorted.end(), less);
  std::vector<std::uint32_t> order(found.size());
  std::merge(sorted.begin(), sorted.end(), unsorted.begin(), unsorted.end(), order.begin(), less);
  return order;
}

}  // namespace

Selection::Selection(std::vector<RefPtr<const Series>> found, CompleteBatch complete,
                     const Selection* previous)
    : by_id_(found.size()), complete_(std::move(complete)) {
  constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  // What `previous` has too is in order already: most of it, since series come and go slowly.
  std::vector<std::uint32_t> known(previous == nullptr ? 0 : previous->size(), kNone);
  std::vector<std::uint32_t> unsorted;
  std::size_t old = 0;
  for (std::uint32_t i = 0; i < found.size(); ++i) {
    while (old < known.size() && previous->series_[previous->by_id_[old]]->id() < found[i]->id()) {
      ++old;
    }
    if (old < known.size() && previous->series_[previous->by_id_[old]] == found[i]) {
      known[previous->by_id_[old]] = i;
    } else {
      unsorted.push_back(i);
    }
  }
  known.erase(std::remove(known.begin(), known.end(), kNone), known.end());
  const std::vector<std::uint32_t> order = Order(found, known, std::move(unsorted));
  series_.reserve(found.size());
  for (std::uint32_t place = 0; place < order.size(); ++place) {
    by_id_[order[place]] = place;
    series_.push_back(std::move(found[order[place]]));
  }
}

Selection::~Selection() = default;

bool Selection::Is(std::span<const RefPtr<const Series>> found) const {
  if (found.size() != series_.size()) return false;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!(series_[by_id_[i]] == found[i])) return false;
  }
  return true;
}

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
