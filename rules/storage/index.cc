#include "rules/storage/index.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <unordered_set>
#include <utility>

namespace tocsin {
namespace {

constexpr std::uint32_t kNone = HashPlaces::kNone;

// Estimates of what the standard library and the allocator take.
constexpr std::size_t kHashNode = 32;     // Next, hash, the allocator's share, a bucket.
constexpr std::size_t kHashPlace = 32;    // What is free in the list, and of the hash table.
constexpr std::size_t kSymbolBytes = 48;  // Beside the text.

using Span = std::span<const std::uint32_t>;

/// What the index takes for a value of a label, without its postings.
std::size_t BytesOf(const Symbol& value) {
  return sizeof(ValuePostings::Entry) + kHashPlace + kSymbolBytes + value.text().size();
}

/// Calls `visit(place)` for what is in both.
template <class Visit>
void ForBoth(Span a, Span b, Visit visit) {
  if (a.size() > b.size()) std::swap(a, b);
  const bool search = b.size() / 16 > a.size();
  auto other = b.begin();
  for (const std::uint32_t place : a) {
    if (search) {
      other = std::lower_bound(other, b.end(), place);
    } else {
      while (other != b.end() && *other < place) ++other;
    }
    if (other == b.end()) return;
    if (*other == place) visit(place);
  }
}

void Intersect(std::vector<std::uint32_t>& places, Span with) {
  std::vector<std::uint32_t> both;
  ForBoth(places, with, [&](std::uint32_t place) { both.push_back(place); });
  places = std::move(both);
}

void Subtract(std::vector<std::uint32_t>& places, Span what) {
  std::size_t kept = 0;
  std::size_t read = 0;
  ForBoth(Span(places), what, [&](std::uint32_t place) {
    while (places[read] != place) places[kept++] = places[read++];
    ++read;
  });
  while (read < places.size()) places[kept++] = places[read++];
  places.resize(kept);
}

/// All numbers of `lists`, sorted, none of which is there twice; all are below `limit`.
template <class Lists>
std::vector<std::uint32_t> Sorted(const Lists& lists, std::size_t limit) {
  std::size_t total = 0;
  for (const auto& list : lists) total += list.size();
  std::vector<std::uint32_t> all;
  all.reserve(total);
  if (total <= limit / 64) {
    for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
    std::sort(all.begin(), all.end());
    return all;
  }
  std::vector<bool> found(limit);
  for (const auto& list : lists) {
    for (const std::uint32_t number : list) found[number] = true;
  }
  for (std::uint32_t number = 0; number < limit; ++number) {
    if (found[number]) all.push_back(number);
  }
  return all;
}

/// At each number, where it stands in `numbers`.
std::vector<std::uint32_t> Inverse(Span numbers) {
  std::vector<std::uint32_t> places(numbers.size());
  for (std::uint32_t i = 0; i < numbers.size(); ++i) places[numbers[i]] = i;
  return places;
}

std::vector<std::string> SortedTexts(const std::unordered_set<Symbol>& symbols) {
  std::vector<std::string> texts;
  texts.reserve(symbols.size());
  for (const Symbol& symbol : symbols) texts.emplace_back(symbol.text());
  std::sort(texts.begin(), texts.end());
  return texts;
}

/// Whether a matcher names the values that make its Union(), so that these can be looked up: those
/// it accepts, or if it accepts an absent label, those it refuses.
bool IsLookup(const Matcher& matcher) {
  const bool exact = matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kNotEqual;
  const bool names_accepted =
      matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegexp;
  return (exact || !matcher.set().empty()) && names_accepted != matcher.MatchesEmpty();
}

void KeepLargest(std::vector<LabelStat>& stats, std::size_t limit) {
  const auto before = [](const LabelStat& a, const LabelStat& b) {
    return a.value != b.value ? a.value > b.value : a.name < b.name;
  };
  const std::size_t kept = std::min(limit, stats.size());
  std::partial_sort(stats.begin(), stats.begin() + static_cast<std::ptrdiff_t>(kept), stats.end(),
                    before);
  stats.resize(kept);
}

}  // namespace

void Index::Reserve(std::size_t count) {
  series_.reserve(count);
  places_.Reserve(count);
}

void Index::Prefetch(const Labels& labels) const {
  places_.Prefetch(labels.hash());
}

Series* Index::Find(const Labels& labels) const {
  const std::uint32_t found = places_.Find(
      labels.hash(), [&](std::uint32_t place) { return series_[place]->labels() == labels; });
  return found == kNone ? nullptr : series_[found].get();
}

void Index::Add(RefPtr<Series> series) {
  assert(series_.empty() || series_.back()->id() < series->id());
  const auto place = static_cast<std::uint32_t>(series_.size());
  const auto labels = series->labels().all();
  if (recent_.size() < labels.size()) recent_.resize(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) AddLabel(labels[i], recent_[i], place);
  places_.Add(series->labels().hash(), place);
  series_.push_back(std::move(series));
}

void Index::AddLabel(const Label& label, Recent& recent, std::uint32_t place) {
  if (recent.name == nullptr || recent.name->first != label.name) {
    const auto [name, is_new] = labels_.try_emplace(label.name);
    if (is_new) bytes_ += sizeof(*name) + kHashNode + kSymbolBytes + label.name.text().size();
    recent = {&*name, kNone};
  }
  ValuePostings& values = recent.name->second;
  if (recent.value == kNone || values.at(recent.value).value != label.value) {
    const auto [number, is_new] = recent.value == kNone
                                      ? values.FindOrAdd(label.value)
                                      : values.FindOrAddAfter(recent.value, label.value);
    if (is_new) bytes_ += BytesOf(label.value);
    recent.value = number;
  }
  Postings& postings = values.at(recent.value).postings;
  bytes_ -= postings.MemoryBytes();
  postings.Add(place);
  bytes_ += postings.MemoryBytes();
}

void Index::RemoveDropped() {
  recent_.clear();
  std::vector<std::uint32_t> new_places(series_.size(), kNone);
  std::uint32_t kept = 0;
  for (std::size_t place = 0; place < series_.size(); ++place) {
    if (series_[place]->dropped()) continue;
    new_places[place] = kept;
    if (kept != place) series_[kept] = std::move(series_[place]);
    ++kept;
  }
  series_.resize(kept);
  {
    const MutexLock lock(order_mutex_);
    for (std::uint32_t& place : by_labels_) place = new_places[place];
    std::erase(by_labels_, kNone);
    ranks_ = Inverse(by_labels_);
  }
  bytes_ = 0;
  for (auto name = labels_.begin(); name != labels_.end();) {
    ValuePostings& values = name->second;
    values.Renumber(new_places, kNone);
    for (const auto& [value, postings] : values) bytes_ += BytesOf(value) + postings.MemoryBytes();
    if (values.size() == 0) {
      name = labels_.erase(name);
      continue;
    }
    bytes_ += sizeof(*name) + kHashNode + kSymbolBytes + name->first.text().size();
    ++name;
  }
  places_.Renumber(new_places);
}

const ValuePostings* Index::ValuesOf(const Symbol& name) const {
  const auto found = labels_.find(name);
  return found == labels_.end() ? nullptr : &found->second;
}

/// What `matcher` adds or takes away: the series whose value it matches; or, if it matches an
/// absent label too, those whose value it does not match.
Index::Places Index::Union(const Matcher& matcher) const {
  const ValuePostings* values = ValuesOf(matcher.name());
  if (values == nullptr) return {};
  const bool wanted = !matcher.MatchesEmpty();
  std::vector<Span> lists;
  const auto look_up = [&](std::string_view text) {
    const Postings* const postings = values->Find(Symbol(text));
    if (postings != nullptr) lists.push_back(postings->all());
  };
  if (!IsLookup(matcher)) {
    for (const auto& [value, postings] : *values) {
      if (matcher.Matches(value.text()) == wanted) lists.push_back(postings.all());
    }
  } else if (matcher.set().empty()) {
    look_up(matcher.value());
  } else {
    for (const std::string& text : matcher.set()) look_up(text);
  }
  if (lists.size() == 1) return {lists[0].begin(), lists[0].end()};
  return Sorted(lists, series_.size());
}

/// Keeps what matches, by looking at each series: for few series and a label with many values.
void Index::FilterEach(const Matcher& matcher, Places& places) const {
  std::erase_if(places, [&](std::uint32_t place) {
    return !matcher.Matches(series_[place]->labels().Get(matcher.name()).text());
  });
}

void Index::Narrow(const Matcher& matcher, Places& places) const {
  const ValuePostings* values = ValuesOf(matcher.name());
  const std::size_t different = values == nullptr ? 0 : values->size();
  if (!IsLookup(matcher) && different > places.size()) {
    FilterEach(matcher, places);
  } else if (matcher.MatchesEmpty()) {
    Subtract(places, Union(matcher));
  } else {
    Intersect(places, Union(matcher));
  }
}

/// How many series Union() has, where that is cheap to know; else, more than there are.
std::size_t Index::Estimate(const Matcher& matcher) const {
  if (matcher.MatchesEmpty()) return std::numeric_limits<std::size_t>::max();
  if (!IsLookup(matcher)) return series_.size() + 1;
  const ValuePostings* values = ValuesOf(matcher.name());
  if (values == nullptr) return 0;
  const auto count = [&](std::string_view text) {
    const Postings* const postings = values->Find(Symbol(text));
    return postings == nullptr ? 0 : postings->size();
  };
  if (matcher.set().empty()) return count(matcher.value());
  std::size_t sum = 0;
  for (const std::string& text : matcher.set()) sum += count(text);
  return sum;
}

/// An absent label is an empty one. A matcher that matches the empty value therefore cannot say
/// where to look, only what to leave out: such matchers come last.
Index::Places Index::PlacesOf(std::span<const Matcher> matchers) const {
  std::vector<std::pair<std::size_t, const Matcher*>> order;
  for (const Matcher& matcher : matchers) order.emplace_back(Estimate(matcher), &matcher);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Places places;
  std::size_t next = 0;
  if (!order.empty() && !order[0].second->MatchesEmpty()) {
    places = Union(*order[next++].second);
  } else {
    places.resize(series_.size());
    std::iota(places.begin(), places.end(), 0);
  }
  for (; next < order.size() && !places.empty(); ++next) Narrow(*order[next].second, places);
  return places;
}

/// Brings by_labels_ and ranks_ up to date: sorts what is new, and merges it in with a few
/// comparisons for each.
void Index::Order() const {
  const MutexLock lock(order_mutex_);
  if (ranks_.size() == series_.size()) return;
  const auto less = [&](std::uint32_t a, std::uint32_t b) {
    return series_[a]->labels() < series_[b]->labels();
  };
  Places added(series_.size() - ranks_.size());
  std::iota(added.begin(), added.end(), static_cast<std::uint32_t>(ranks_.size()));
  std::sort(added.begin(), added.end(), less);
  Places merged;
  merged.reserve(series_.size());
  auto old = by_labels_.begin();
  for (const std::uint32_t place : added) {
    const auto next = std::upper_bound(old, by_labels_.end(), place, less);
    merged.insert(merged.end(), old, next);
    merged.push_back(place);
    old = next;
  }
  merged.insert(merged.end(), old, by_labels_.end());
  by_labels_ = std::move(merged);
  ranks_ = Inverse(by_labels_);
}

Index::Found Index::Select(std::span<const Matcher> matchers) const {
  Places places = PlacesOf(matchers);
  if (OrderAlone(places)) return FoundAt(places);
  Order();
  for (std::uint32_t& place : places) place = ranks_[place];
  Places ranks = Sorted(std::span(&places, 1), series_.size());
  for (std::uint32_t& rank : ranks) rank = by_labels_[rank];
  return FoundAt(ranks);
}

/// Orders a few series by themselves while the order of all others is not known, so that who asks
/// for little after a start does not wait for it. False if there is a better way.
bool Index::OrderAlone(Places& places) const {
  constexpr std::size_t kFew = 64;  // Of so many.
  {
    const MutexLock lock(order_mutex_);
    if (places.size() > (series_.size() - ranks_.size()) / kFew) return false;
  }
  std::sort(places.begin(), places.end(), [&](std::uint32_t a, std::uint32_t b) {
    return series_[a]->labels() < series_[b]->labels();
  });
  return true;
}

Index::Found Index::FoundAt(const Places& places) const {
  Found found;
  found.reserve(places.size());
  for (const std::uint32_t place : places) found.emplace_back(series_[place]);
  return found;
}

std::vector<std::string> Index::LabelNames(std::span<const Matcher> matchers) const {
  std::unordered_set<Symbol> names;
  if (matchers.empty()) {
    for (const auto& [name, values] : labels_) names.insert(name);
  } else {
    for (const std::uint32_t place : PlacesOf(matchers)) {
      for (const Label& label : series_[place]->labels()) names.insert(label.name);
    }
  }
  return SortedTexts(names);
}

std::vector<std::string> Index::LabelValues(std::string_view name,
                                            std::span<const Matcher> matchers) const {
  const Symbol symbol(name);
  std::unordered_set<Symbol> found;
  if (matchers.empty()) {
    if (const ValuePostings* values = ValuesOf(symbol); values != nullptr) {
      for (const auto& [value, postings] : *values) found.insert(value);
    }
  } else {
    for (const std::uint32_t place : PlacesOf(matchers)) {
      const Symbol value = series_[place]->labels().Get(symbol);
      if (!value.text().empty()) found.insert(value);
    }
  }
  return SortedTexts(found);
}

Cardinality Index::Top(std::size_t limit) const {
  Cardinality top;
  for (const auto& [name, values] : labels_) {
    const std::string name_text(name.text());
    std::size_t bytes = 0;
    for (const auto& [value, postings] : values) {
      const std::string value_text(value.text());
      bytes += value_text.size() * postings.size();
      top.series_by_pair.push_back(
          {std::string(name_text).append("=").append(value_text), postings.size()});
      if (name_text == kMetricNameLabel) {
        top.series_by_metric.push_back({value_text, postings.size()});
      }
    }
    top.values_by_label.push_back({name_text, values.size()});
    top.bytes_by_label.push_back({name_text, bytes});
  }
  top.label_pairs = top.series_by_pair.size();
  for (std::vector<LabelStat>* stats :
       {&top.series_by_metric, &top.values_by_label, &top.bytes_by_label, &top.series_by_pair}) {
    KeepLargest(*stats, limit);
  }
  return top;
}

std::size_t Index::MemoryBytes() const {
  constexpr std::size_t kOrder = 2 * sizeof(std::uint32_t);
  return bytes_ + series_.capacity() * sizeof(series_[0]) + places_.MemoryBytes() +
         series_.size() * kOrder;
}

}  // namespace tocsin
