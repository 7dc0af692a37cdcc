#include "collectors/prometheus/pass_through.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_set>

#include "base/labels.h"
#include "base/utf8.h"
#include "collectors/prometheus/exported_labels.h"
#include "collectors/prometheus/families.h"
#include "collectors/prometheus/flat_series.h"

namespace tocsin::collectors {
namespace {

/// Whether the format can carry a label of that name. Names that begin with "__" are Prometheus'
/// own, and it drops them.
bool CanBeShown(const std::pair<std::string, std::string>& label) {
  return IsLabelName(label.first) && IsUtf8(label.second);
}

std::string RenamedLabel(const std::string& name, const PassAs& as) {
  for (const auto& [from, to] : as.rename_labels) {
    if (from == name) return to;
  }
  return name;
}

Labels LabelsOf(const std::vector<std::pair<std::string, std::string>>& list) {
  LabelsBuilder labels;
  for (const auto& [name, value] : list) labels.Set(name, value);
  return labels.Build();
}

bool IsWhole(MetricType type) {
  return type == MetricType::kHistogram || type == MetricType::kSummary;
}

/// The labels that are the same for all samples of one histogram or summary.
Labels WholeOf(const Labels& series, MetricType type) {
  LabelsBuilder labels(series);
  labels.Remove(kMetricNameLabel).Remove(type == MetricType::kHistogram ? "le" : "quantile");
  return labels.Build();
}

}  // namespace

/// One family as it grows.
class PassThrough::Family {
 public:
  Family(std::string name, MetricType type, std::string_view help) {
    shape_.name = std::move(name);
    shape_.type = type;
    shape_.help = help;
    shape_.form = SeriesForm::kFlat;
  }

  const std::string& name() const { return shape_.name; }
  MetricType type() const { return shape_.type; }
  std::size_t size() const { return samples_.size(); }

  /// Whether the sample was new. `series`: with its name.
  bool Add(const Labels& series, double value) {
    if (!seen_.insert(series).second) return false;
    samples_.push_back({series, value});
    return true;
  }

  /// The finished family of at most `max_series` series. What is dropped is counted in `dropped`.
  FamilyPoints Finish(std::size_t max_series, const ConstantLabels& constant_labels,
                      DropCounts& dropped) {
    FamilyPoints points;
    std::unordered_set<Labels> wholes;
    const Labels constant = LabelsOf(constant_labels);
    // A label that makes way for a constant one may become what another series has already.
    seen_.clear();
    for (const Sample& sample : samples_) {
      LabelsBuilder labels(sample.series);
      MakeWay(constant, labels);
      const Labels series = labels.Build();
      if (!seen_.insert(series).second) {
        ++dropped[static_cast<std::size_t>(DropReason::kDuplicate)];
        continue;
      }
      std::string encoded;
      AppendFlatSeries(series, encoded);
      const bool fits = IsWhole(type()) ? FitsWhole(WholeOf(series, type()), max_series, wholes)
                                        : points.values.size() < max_series;
      if (!fits ||
          shape_.label_values.size() + encoded.size() > std::numeric_limits<std::uint32_t>::max()) {
        ++dropped[static_cast<std::size_t>(DropReason::kOverflow)];
        continue;
      }
      shape_.label_values += encoded;
      shape_.series_ends.push_back(static_cast<std::uint32_t>(shape_.label_values.size()));
      points.values.push_back(sample.value);
    }
    shape_.constant_labels = constant_labels;
    points.shape = std::make_shared<const FamilyShape>(std::move(shape_));
    return points;
  }

 private:
  struct Sample {
    Labels series;
    double value = 0;
  };

  static bool FitsWhole(const Labels& whole, std::size_t max_series,
                        std::unordered_set<Labels>& wholes) {
    if (wholes.contains(whole)) return true;
    return wholes.size() < max_series && wholes.insert(whole).second;
  }

  FamilyShape shape_;
  std::vector<Sample> samples_;
  std::unordered_set<Labels> seen_;
};

PassThrough::PassThrough(std::span<const MetricDesc> declared) : declared_(declared) {}

PassThrough::~PassThrough() = default;

void PassThrough::Drop(DropReason reason, std::size_t samples) {
  dropped_[static_cast<std::size_t>(reason)] += samples;
}

bool PassThrough::IsDeclared(std::string_view name) const {
  return std::any_of(declared_.begin(), declared_.end(), [&](const MetricDesc& metric) {
    if (metric.name == name) return true;
    if (metric.type != MetricType::kHistogram || !name.starts_with(metric.name)) return false;
    const std::string_view part = name.substr(metric.name.size());
    return part == "_bucket" || part == "_sum" || part == "_count";
  });
}

PassThrough::Family* PassThrough::FamilyNamed(const std::string& name, MetricType type,
                                              std::string_view help) {
  for (const std::unique_ptr<Family>& family : families_) {
    if (family->name() == name) return family->type() == type ? family.get() : nullptr;
  }
  families_.push_back(std::make_unique<Family>(name, type, help));
  return families_.back().get();
}

std::size_t PassThrough::Add(const PageFamily& family, const PassAs& as) {
  const std::string name(as.name.empty() ? std::string_view(family.name) : as.name);
  Family* const to = IsMetricName(name) && !IsDeclared(name)
                         ? FamilyNamed(name, as.type.value_or(family.type),
                                       as.help.empty() ? family.help : as.help)
                         : nullptr;
  if (to == nullptr) {
    Drop(DropReason::kName, family.samples.size());
    return family.samples.size();
  }
  const Labels added = LabelsOf(as.labels);
  std::size_t dropped = 0;
  for (const PageSample& sample : family.samples) {
    LabelsBuilder labels;
    bool shown = true;
    for (const auto& [label, value] : sample.labels) {
      const std::string renamed = RenamedLabel(label, as);
      if (renamed.empty()) continue;
      shown = shown && CanBeShown({renamed, value});
      labels.Set(renamed, CanonicalLabelValue(to->type(), label, value));
    }
    MakeWay(added, labels);
    for (const Label& label : added) labels.Set(label.name, label.value);
    const std::string sample_name = name + sample.name.substr(family.name.size());
    labels.Set(kMetricNameLabel, sample_name);
    if (!shown || IsDeclared(sample_name)) {
      Drop(DropReason::kName, 1);
      ++dropped;
    } else if (!to->Add(labels.Build(), sample.value)) {
      Drop(DropReason::kDuplicate, 1);
      ++dropped;
    }
  }
  return dropped;
}

void PassThrough::Finish(MetricSink& points) {
  const MetricSink::Settings& settings = points.settings();
  std::map<std::string, std::shared_ptr<const FamilyShape>, std::less<>> shapes;
  for (const std::unique_ptr<Family>& family : families_) {
    FamilyPoints passed = family->Finish(settings.max_series, settings.constant_labels, dropped_);
    if (passed.values.empty()) continue;
    const auto before = previous_.find(passed.shape->name);
    if (before != previous_.end() && *before->second == *passed.shape) {
      passed.shape = before->second;
    }
    shapes.emplace(passed.shape->name, passed.shape);
    points.Pass(std::move(passed));
  }
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    points.CountDropped(static_cast<DropReason>(i), dropped_[i]);
  }
  previous_ = std::move(shapes);
  Clear();
}

void PassThrough::Clear() {
  families_.clear();
  dropped_ = {};
}

}  // namespace tocsin::collectors
