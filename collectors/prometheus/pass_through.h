// Families of other programs' pages, passed on under names and labels of our own.

#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metric.h"
#include "base/metric_sink.h"
#include "base/snapshot.h"
#include "collectors/prometheus/page.h"

namespace tocsin::collectors {

/// What becomes of a family on its way.
struct PassAs {
  /// The family's new name; empty keeps the old one. `_bucket`, `_sum` and `_count` stay behind it.
  std::string_view name = {};
  /// The new type and help; kept if not given. A type only where a page gives none or a wrong one:
  /// between kUnknown, kCounter and kGauge.
  std::optional<MetricType> type = std::nullopt;
  std::string_view help = {};
  /// Labels that every sample gets, such as `pod`. One that a sample has of that name is kept as
  /// `exported_<name>`, as is one called like a constant label of the collector.
  std::vector<std::pair<std::string, std::string>> labels = {};
  /// Old name and new name; one with an empty new name is dropped.
  std::vector<std::pair<std::string, std::string>> rename_labels = {};
};

/// Collects families of one or several pages and hands them to a collection. The same family of
/// several pages becomes one, as long as its type is the same.
///
///     passed_.Add(*page->Find("langserve_requests_total"),
///                 {.name = "dashflow_requests_total", .labels = {{"pod", pod}}});
///     ...
///     passed_.Finish(collection.points);
///
/// Samples are dropped and counted that contradict the first type of their family or the name of a
/// declared metric (kName), come twice (kDuplicate: the first stays), are too many (kOverflow) or
/// have a name or label that the text format 0.0.4 cannot carry (kName). Timestamps are passed
/// over: the samples are of the time of the collection.
///
/// A member of its collector: as long as the same series come in the same order, the shapes of the
/// families are those of the collection before. One thread at a time.
class PassThrough {
 public:
  /// `declared`: the collector's own metrics. Outlives this.
  explicit PassThrough(std::span<const MetricDesc> declared);
  ~PassThrough();
  PassThrough(const PassThrough&) = delete;
  PassThrough& operator=(const PassThrough&) = delete;

  /// Returns how many samples were dropped, but for those that Finish() drops: too many, or two of
  /// which one got the other's labels by making way for a constant one.
  std::size_t Add(const PageFamily& family, const PassAs& as = {});
  /// Passes on what was added since the last call, in families of at most
  /// points.settings().max_series series (a whole histogram or summary is one), with the constant
  /// labels, and counts what was dropped. To be called once per collection, also when nothing was
  /// added.
  void Finish(MetricSink& points);
  /// Forgets what was added since the last Finish(): the collection has failed.
  void Clear();

 private:
  class Family;

  Family* FamilyNamed(const std::string& name, MetricType type, std::string_view help);
  bool IsDeclared(std::string_view name) const;
  void Drop(DropReason reason, std::size_t samples);

  std::span<const MetricDesc> declared_;
  std::vector<std::unique_ptr<Family>> families_;  ///< In the order in which they came.
  std::map<std::string, std::shared_ptr<const FamilyShape>, std::less<>> previous_;
  DropCounts dropped_{};
};

}  // namespace tocsin::collectors
