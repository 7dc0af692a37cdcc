#include "rules/storage/snapshot_appender.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/number.h"

namespace tocsin {
namespace {

constexpr std::string_view kBucketLabel = "le";

/// How many samples a series of the family is: a histogram's buckets, its sum and its count.
std::size_t SamplesPerSeries(const FamilyShape& shape) {
  return shape.type == MetricType::kHistogram ? shape.bounds.size() + 3 : 1;
}

/// The labels of a series without its name, before the target's are added.
LabelsBuilder OwnLabels(const FamilyShape& shape, std::size_t series) {
  LabelsBuilder labels;
  std::string_view encoded = shape.series(series);
  for (const std::string& name : shape.label_names) {
    const std::size_t end = encoded.find(FamilyShape::kDelimiter);
    labels.Set(name, encoded.substr(0, end));
    encoded.remove_prefix(end + 1);
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
    if (shape.type != MetricType::kHistogram) return;
    for (const double bound : shape.bounds) AppendCanonicalNumber(le_.emplace_back(), bound);
    le_.emplace_back("+Inf");
  }

  void AddSeries(std::size_t series) {
    if (shape_.type != MetricType::kHistogram) {
      Add(series, "", "");
      return;
    }
    for (const std::string& le : le_) Add(series, "_bucket", le);
    Add(series, "_sum", "");
    Add(series, "_count", "");
  }

 private:
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

Millis TimeOf(TimePoint at) {
  return at.time_since_epoch().count();
}

}  // namespace

SnapshotAppender::SnapshotAppender(SampleStore& store, ConstantLabels target)
    : store_(store), target_(std::move(target)) {}

SnapshotAppender::~SnapshotAppender() = default;

bool SnapshotAppender::Fits(const Snapshot& snapshot) const {
  return std::equal(
      plan_.parts.begin(), plan_.parts.end(), snapshot.families.begin(), snapshot.families.end(),
      [](const Part& part, const FamilyPoints& family) { return part.shape == family.shape; });
}

/// The plan for `snapshot`, made of what the present one has already. `gone` gets the labels that
/// only the present one has.
SnapshotAppender::Plan SnapshotAppender::MakePlan(const Snapshot& snapshot,
                                                  std::vector<Labels>& gone) {
  std::unordered_map<const FamilyShape*, const Part*> known;
  for (const Part& part : plan_.parts) known.emplace(part.shape.get(), &part);
  Plan plan;
  std::unordered_set<Labels> made;
  for (const FamilyPoints& family : snapshot.families) {
    const FamilyShape& shape = *family.shape;
    const Part part = {.shape = family.shape,
                       .begin = plan.labels.size(),
                       .size = shape.series_count() * SamplesPerSeries(shape)};
    if (const auto old = known.find(&shape); old != known.end()) {
      const auto begin = static_cast<std::ptrdiff_t>(old->second->begin);
      const auto end = begin + static_cast<std::ptrdiff_t>(part.size);
      plan.labels.insert(plan.labels.end(), plan_.labels.begin() + begin,
                         plan_.labels.begin() + end);
      plan.refs.insert(plan.refs.end(), plan_.refs.begin() + begin, plan_.refs.begin() + end);
      known.erase(old);
    } else {
      FamilyLabels labels(shape, target_, plan.labels);
      for (std::size_t series = 0; series < shape.series_count(); ++series) {
        labels.AddSeries(series);
      }
      plan.refs.resize(plan.labels.size());
      made.insert(plan.labels.end() - static_cast<std::ptrdiff_t>(part.size), plan.labels.end());
    }
    plan.parts.push_back(part);
  }
  for (const auto& [shape, part] : known) {
    for (std::size_t i = part->begin; i < part->begin + part->size; ++i) {
      if (!made.contains(plan_.labels[i])) gone.push_back(plan_.labels[i]);
    }
  }
  return plan;
}

void SnapshotAppender::FillValues(const Snapshot& snapshot) {
  values_.clear();
  values_.reserve(plan_.labels.size());
  for (const FamilyPoints& family : snapshot.families) {
    if (family.shape->type == MetricType::kHistogram) {
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
    plan_ = MakePlan(snapshot, gone);
    if (ended_) gone.clear();
  }
  ended_ = false;
  FillValues(snapshot);
  // Values and stale markers are one batch: nobody sees a series move from one label set to another
  // half done.
  const std::size_t live = plan_.labels.size();
  plan_.labels.insert(plan_.labels.end(), gone.begin(), gone.end());
  values_.resize(plan_.labels.size(), kStaleNan);
  const AppendCounts counts =
      store_.Append(plan_.labels, plan_.refs, TimeOf(snapshot.collected_at), values_);
  plan_.labels.resize(live);
  plan_.refs.resize(live);
  return counts;
}

AppendCounts SnapshotAppender::MarkStale(TimePoint at) {
  if (ended_) return {};
  ended_ = true;
  values_.assign(plan_.labels.size(), kStaleNan);
  return store_.Append(plan_.labels, plan_.refs, TimeOf(at), values_);
}

}  // namespace tocsin
