// Finds series by their labels.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/mutex.h"
#include "rules/storage/hash_places.h"
#include "rules/storage/matcher.h"
#include "rules/storage/ref_counted.h"
#include "rules/storage/series.h"
#include "rules/storage/value_postings.h"

namespace tocsin {

struct LabelStat {
  std::string name;
  std::size_t value = 0;
};

/// Series by metric name, values and bytes by label name, series by label pair: the largest of
/// each, largest first. Source: Prometheus' /api/v1/status/tsdb.
struct Cardinality {
  std::vector<LabelStat> series_by_metric, values_by_label, bytes_by_label, series_by_pair;
  std::size_t label_pairs = 0;  ///< All there are.
};

/// All series of a store: a hash table by label set, and for each label the list of its series.
///
/// Series have places, 0 and on, in the order of their ids. Places move up when series go, so that
/// nothing is left behind by series that come and go.
///
/// One thread at a time changes it, and then nobody else uses it; reading is safe for many.
class Index {
 public:
  using Found = std::vector<RefPtr<const Series>>;

  std::size_t size() const { return series_.size(); }
  std::span<const RefPtr<Series>> series() const { return series_; }

  /// Takes the memory for `count` series at once.
  void Reserve(std::size_t count);
  /// Asks for the memory that Find() and Add() begin with.
  void Prefetch(const Labels& labels) const;

  /// Null if there is none.
  Series* Find(const Labels& labels) const;
  /// Adds a series with labels that it does not have and an id above all others.
  void Add(RefPtr<Series> series);
  /// Removes all series that are marked as dropped.
  void RemoveDropped();

  /// The series that match all of `matchers`, ordered by labels.
  Found Select(std::span<const Matcher> matchers) const;
  /// Names of labels, and values of one, sorted; of the series that match.
  std::vector<std::string> LabelNames(std::span<const Matcher> matchers) const;
  std::vector<std::string> LabelValues(std::string_view name,
                                       std::span<const Matcher> matchers) const;
  Cardinality Top(std::size_t limit) const;

  /// What the index and the symbols that it names take, without the series.
  std::size_t MemoryBytes() const;

 private:
  using Places = std::vector<std::uint32_t>;
  /// A label of the series that was added last: the next one often has the same.
  struct Recent {
    std::pair<const Symbol, ValuePostings>* name = nullptr;
    std::uint32_t value = HashPlaces::kNone;  ///< Its number there.
  };

  const ValuePostings* ValuesOf(const Symbol& name) const;
  Places PlacesOf(std::span<const Matcher> matchers) const;
  std::size_t Estimate(const Matcher& matcher) const;
  Places Union(const Matcher& matcher) const;
  void Narrow(const Matcher& matcher, Places& places) const;
  void FilterEach(const Matcher& matcher, Places& places) const;
  void AddLabel(const Label& label, Recent& recent, std::uint32_t place);
  void Order() const;
  bool OrderAlone(Places& places) const;
  Found FoundAt(const Places& places) const;

  std::vector<RefPtr<Series>> series_;  ///< By place.
  HashPlaces places_;                   ///< Of series, by their labels.
  std::unordered_map<Symbol, ValuePostings> labels_;
  std::vector<Recent> recent_;  ///< Points into labels_.
  std::size_t bytes_ = 0;       ///< Of labels_.

  // The order by labels, kept because comparing labels is slow. Brought up to date by who reads it:
  // the series do not change while somebody reads, and once it is up to date it is not written to.
  mutable Mutex order_mutex_;
  mutable Places by_labels_;  ///< Places in the order of labels; those of the first series only.
  mutable Places ranks_;      ///< Of each place in by_labels_.
};

}  // namespace tocsin
