#include "rules/storage/snapshot_appender.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/number.h"

namespace tocsin {
namespace {

constexpr std::string_view kBucketLabel = "le";

/// The labels of a series before the target's are added, in the flat form with its name.
LabelsBuilder OwnLabels(const FamilyShape& shape, std::size_t series) {
  LabelsBuilder labels;
  SeriesParts parts(shape.series(series));
  if (shape.form == SeriesForm::kFlat) {
    labels.Set(kMetricNameLabel, parts.Take());
    while (!parts.empty()) {
      const std::string_view name = parts.Take();
      labels.Set(name, parts.Take());
    }
  } else {
    for (const std::string& name : shape.label_names) labels.Set(name, parts.Take());
  }
  for (const auto& [name, value] : shape.constant_labels) labels.Set(name, value);
  return labels;
}

bool IsTargetLabel(const ConstantLabels& target, std::string_view name) {
  return std::any_of(target.begin(), target.end(),
                     [&](const auto& label) { return label.first == name; });
}

/// Adds the target's labels. A label of the series that has the name of one is kept under another
/// name, with as many "exported_" before it as it takes to be alone.
/// Source: Prometheus' scrape/scrape.go, resolveConflictingExposedLabels.
void AddTarget(const ConstantLabels& target, LabelsBuilder& labels) {
  std::vector<std::pair<std::string, std::string>> renamed;
  for (const auto& [name, value] : target) {
    if (const std::string_view own = labels.Get(name); !own.empty())
      renamed.emplace_back(name, own);
    labels.Set(name, value);
  }
  for (auto& [name, value] : renamed) {
    do {
      name.insert(0, "exported_");
    } while (!labels.Get(name).empty() || IsTargetLabel(target, name));
    labels.Set(name, value);
  }
}

/// The labels of all samples of one family, in the order of their values.
class FamilyLabels {
 public:
  FamilyLabels(const FamilyShape& shape, const ConstantLabels& target, std::vector<Labels>& out)
      : shape_(shape), target_(target), out_(out) {
    if (!shape.has_histograms()) return;
    for (const double bound : shape.bounds) AppendCanonicalNumber(le_.emplace_back(), bound);
    le_.emplace_back("+Inf");
  }

  void AddSeries(std::size_t series) {
    if (shape_.form == SeriesForm::kFlat) return AddFlat(series);
    if (!shape_.has_histograms()) return Add(series, "", "");
    for (const std::string& le : le_) Add(series, "_bucket", le);
    Add(series, "_sum", "");
    Add(series, "_count", "");
  }

 private:
  void AddFlat(std::size_t series) {
    LabelsBuilder labels = OwnLabels(shape_, series);
    if (shape_.target_labels == TargetLabels::kTocsin) AddTarget(target_, labels);
    out_.push_back(labels.Build());
  }

  void Add(std::size_t series, std::string_view suffix, std::string_view le) {
    LabelsBuilder labels = OwnLabels(shape_, series);
    if (!le.empty()) labels.Set(kBucketLabel, le);
    AddTarget(target_, labels);
    labels.Set(kMetricNameLabel, shape_.name + std::string(suffix));
    out_.push_back(labels.Build());
  }

  const FamilyShape& shape_;
  const ConstantLabels& target_;
  std::vector<Labels>& out_;
  std::vector<std::string> le_;  ///< Of each bucket, as Prometheus writes it.
};

/// A histogram's values are those of the buckets up to the bounds, the count, which is that of the
/// last bucket too, and the sum.
void AppendHistogramValues(const FamilyPoints& family, std::vector<double>& out) {
  const std::size_t buckets = family.shape->bounds.size() + 1;
  for (std::size_t begin = 0; begin < family.values.size(); begin += buckets + 1) {
    const auto first = family.values.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto count = first + static_cast<std::ptrdiff_t>(buckets - 1);
    out.insert(out.end(), first, count + 1);
    out.push_back(count[1]);
    out.push_back(*count);
  }
}

bool IsTimed(const FamilyPoints& family) {
  return !family.times.empty();
}

Millis TimeOf(TimePoint at) {
  return at.time_since_epoch().count();
}

}  // namespace

SnapshotAppender::SnapshotAppender(SampleStore& store, ConstantLabels target)
    : store_(store), target_(std::move(target)) {}

SnapshotAppender::~SnapshotAppender() = default;

/// Makes the plan for a snapshot, of what the present one has already.
class SnapshotAppender::Planner {
 public:
  Planner(const Plan& old, const ConstantLabels& target) : old_(old), target_(target) {
    for (const Part& part : old.parts) {
      known_.emplace(part.shape.get(), &part);
      if (part.shape->form == SeriesForm::kFlat) flat_[part.shape->name].push_back(&part);
    }
    taken_.resize(old.labels.size());
  }

  Plan Make(const Snapshot& snapshot) {
    for (const FamilyPoints& family : snapshot.families) {
      if (IsTimed(family)) continue;
      if (const auto found = known_.find(family.shape.get()); found != known_.end()) {
        reused_.insert(found->second);
      }
    }
    for (const FamilyPoints& family : snapshot.families) {
      if (!IsTimed(family)) Add(family.shape);
    }
    return std::move(plan_);
  }

  /// After Make(): the labels that only the old plan has.
  std::vector<Labels> Gone() const {
    std::vector<Labels> gone;
    for (std::size_t i = 0; i < taken_.size(); ++i) {
      if (!taken_[i] && !made_.contains(old_.labels[i])) gone.push_back(old_.labels[i]);
    }
    return gone;
  }

 private:
  void Add(const std::shared_ptr<const FamilyShape>& shape) {
    const std::size_t begin = plan_.labels.size();
    if (const auto same = known_.find(shape.get()); same != known_.end()) {
      for (std::size_t i = 0; i < same->second->size; ++i) Take(same->second->begin + i);
      known_.erase(same);
    } else {
      AddNew(*shape);
    }
    plan_.parts.push_back({.shape = shape, .begin = begin, .size = plan_.labels.size() - begin});
  }

  /// A family in another shape than before: mostly some series have come or gone, and the others
  /// are in their old order.
  void AddNew(const FamilyShape& shape) {
    const Part* const before = Predecessor(shape);
    FamilyLabels labels(shape, target_, plan_.labels);
    std::size_t next = 0;
    for (std::size_t series = 0; series < shape.series_count(); ++series) {
      if (before != nullptr) {
        if (const auto at = FindSeries(*before->shape, shape.series(series), next)) {
          Take(before->begin + *at);
          next = *at + 1;
          continue;
        }
      }
      const std::size_t begin = plan_.labels.size();
      labels.AddSeries(series);
      plan_.refs.resize(plan_.labels.size());
      made_.insert(plan_.labels.begin() + static_cast<std::ptrdiff_t>(begin), plan_.labels.end());
    }
  }

  void Take(std::size_t index) {
    plan_.labels.push_back(old_.labels[index]);
    plan_.refs.push_back(old_.refs[index]);
    taken_[index] = true;
  }

  /// The part of the old plan that was this family, as far as one can tell. Only of families in the
  /// flat form, where a series is one sample: those are the large ones.
  const Part* Predecessor(const FamilyShape& shape) {
    if (shape.form != SeriesForm::kFlat || shape.series_count() == 0) return nullptr;
    const auto namesakes = flat_.find(shape.name);
    if (namesakes == flat_.end()) return nullptr;
    const Part* likely = nullptr;
    for (const Part* const part : namesakes->second) {  // Each target may have one.
      const FamilyShape& old = *part->shape;
      if (reused_.contains(part) || old.target_labels != shape.target_labels ||
          old.constant_labels != shape.constant_labels) {
        continue;
      }
      if (old.series(0) == shape.series(0)) return Reused(part);
      if (likely == nullptr) likely = part;
    }
    return likely == nullptr ? nullptr : Reused(likely);
  }

  const Part* Reused(const Part* part) {
    reused_.insert(part);
    return part;
  }

  /// Where the series is among those from `next` on, if it is near.
  static std::optional<std::size_t> FindSeries(const FamilyShape& shape, std::string_view series,
                                               std::size_t next) {
    constexpr std::size_t kNear = 16;
    const std::size_t end = std::min(next + kNear, shape.series_count());
    for (; next < end; ++next) {
      if (shape.series(next) == series) return next;
    }
    return std::nullopt;
  }

  const Plan& old_;
  const ConstantLabels& target_;
  Plan plan_;
  std::unordered_map<const FamilyShape*, const Part*> known_;
  std::unordered_map<std::string_view, std::vector<const Part*>> flat_;  ///< By name.
  std::unordered_set<const Part*> reused_;
  std::vector<bool> taken_;  ///< By index in the old plan.
  std::unordered_set<Labels> made_;
};

bool SnapshotAppender::Fits(const Snapshot& snapshot) const {
  auto part = plan_.parts.begin();
  for (const FamilyPoints& family : snapshot.families) {
    if (IsTimed(family)) continue;
    if (part == plan_.parts.end() || part->shape != family.shape) return false;
    ++part;
  }
  return part == plan_.parts.end();
}

void SnapshotAppender::FillValues(const Snapshot& snapshot) {
  values_.clear();
  values_.reserve(plan_.labels.size());
  for (const FamilyPoints& family : snapshot.families) {
    if (IsTimed(family)) continue;
    if (family.shape->has_histograms()) {
      AppendHistogramValues(family, values_);
    } else {
      values_.insert(values_.end(), family.values.begin(), family.values.end());
    }
  }
  assert(values_.size() == plan_.labels.size());
}

AppendCounts SnapshotAppender::Append(const Snapshot& snapshot) {
  std::vector<Labels> gone;
  if (!Fits(snapshot)) {
    Planner planner(plan_, target_);
    Plan plan = planner.Make(snapshot);
    if (!ended_) gone = planner.Gone();
    plan_ = std::move(plan);
  }
  ended_ = false;
  FillValues(snapshot);
  // Values and stale markers are one batch: nobody sees a series move from one label set to another
  // half done.
  const std::size_t live = plan_.labels.size();
  plan_.labels.insert(plan_.labels.end(), gone.begin(), gone.end());
  values_.resize(plan_.labels.size(), kStaleNan);
  AppendCounts counts =
      store_.Append(plan_.labels, plan_.refs, TimeOf(snapshot.collected_at), values_);
  plan_.labels.resize(live);
  plan_.refs.resize(live);
  counts += AppendTimed(snapshot);
  return counts;
}

/// Appends the families that have times of their own.
AppendCounts SnapshotAppender::AppendTimed(const Snapshot& snapshot) {
  std::vector<TimedPart> parts;
  std::vector<SampleStore::Entry> entries;
  for (const FamilyPoints& family : snapshot.families) {
    if (!IsTimed(family)) continue;
    const auto known = std::find_if(timed_.begin(), timed_.end(), [&](const TimedPart& part) {
      return part.shape == family.shape;
    });
    TimedPart part{.shape = family.shape, .labels = {}};
    if (known != timed_.end()) {
      part.labels = std::move(known->labels);
      known->shape = nullptr;
    } else {
      FamilyLabels labels(*family.shape, target_, part.labels);
      for (std::size_t i = 0; i < family.shape->series_count(); ++i) labels.AddSeries(i);
    }
    for (std::size_t i = 0; i < family.values.size(); ++i) {
      const bool has_time = family.times[i] != FamilyPoints::kNoTime;
      const TimePoint at = has_time ? family.times[i] : snapshot.collected_at;
      entries.push_back({part.labels[i], {TimeOf(at), family.values[i]}});
    }
    parts.push_back(std::move(part));
  }
  timed_ = std::move(parts);
  return entries.empty() ? AppendCounts() : store_.Append(entries);
}

AppendCounts SnapshotAppender::MarkStale(TimePoint at) {
  if (ended_) return {};
  ended_ = true;
  values_.assign(plan_.labels.size(), kStaleNan);
  return store_.Append(plan_.labels, plan_.refs, TimeOf(at), values_);
}

}  // namespace tocsin
