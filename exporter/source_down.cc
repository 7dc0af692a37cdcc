#include "exporter/source_down.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "collectors/registry.h"

namespace tocsin {
namespace {

using collectors::InstanceView;
using collectors::LostPart;

/// What a sample's name may have after its family's.
constexpr std::array<std::string_view, 5> kSuffixes = {"", "_bucket", "_count", "_sum", "_total"};

bool IsOfFamily(std::string_view name, std::string_view family) {
  return name.starts_with(family) &&
         std::ranges::find(kSuffixes, name.substr(family.size())) != kSuffixes.end();
}

/// Of a catalogue or of names.
template <class Families, class Name>
bool IsAmong(std::string_view name, const Families& families, Name name_of) {
  return std::ranges::any_of(families,
                             [&](const auto& family) { return IsOfFamily(name, name_of(family)); });
}

std::string_view Name(const MetricDesc& metric) {
  return metric.name;
}

std::string_view Text(const std::string& name) {
  return name;
}

bool HasConstantLabels(const collectors::InstanceConfig& config, const Labels& series) {
  return std::ranges::all_of(
      config.labels, [&](const auto& label) { return series.Get(label.first) == label.second; });
}

bool HasSeen(const InstanceView& view, std::string_view name) {
  return view.seen != nullptr && IsAmong(name, *view.seen, Text);
}

/// A metric that no kind of collector lists. Recorded series, whose names have colons by custom,
/// come from no collector.
bool IsListedNowhere(std::string_view name) {
  return name.find(':') == std::string_view::npos &&
         std::ranges::none_of(collectors::AllCollectors(),
                              [&](const auto& kind) { return IsAmong(name, kind.metrics, Name); });
}

/// Whether a series may come from a collector: its labels are on it, and it knows the metric. What
/// the metrics of a kind are that lists none is known once it has served them.
bool MayComeFrom(const InstanceView& view, const Labels& series) {
  if (!HasConstantLabels(*view.config, series)) return false;
  const std::string_view name = series.metric_name();
  if (name.empty()) return !view.config->labels.empty();
  const auto& metrics = view.config->kind->metrics;
  if (IsAmong(name, metrics, Name) || HasSeen(view, name)) return true;
  return metrics.empty() && view.seen == nullptr && IsListedNowhere(name);
}

/// The labels of one series in a snapshot, looked up without copying them.
class StoredSeries {
 public:
  StoredSeries(const FamilyShape& shape, std::string_view encoded)
      : shape_(shape), encoded_(encoded) {}

  /// Whether it is what a rule saw as `series`, or part of that: the store has added labels, and
  /// rules may have taken some away. At least one must tell it from others.
  bool Answers(const Labels& series) const {
    bool is_told = false;
    for (const Label& label : series) {
      const std::string_view name = label.name.text();
      const std::string_view value = label.value.text();
      if (name == kMetricNameLabel) {
        if (!HasName(value)) return false;
        is_told = true;
        continue;
      }
      const std::string_view own = Get(name);
      if (own.empty() && IsAdded(name)) continue;
      if (own != value) return false;
      is_told = true;
    }
    return is_told;
  }

 private:
  bool IsFlat() const { return shape_.form == SeriesForm::kFlat; }

  bool HasName(std::string_view name) const {
    return IsFlat() ? SeriesParts(encoded_).Take() == name : IsOfFamily(name, shape_.name);
  }

  bool IsAdded(std::string_view name) const {
    return name == "job" || name == "instance" || (name == "le" && shape_.has_histograms());
  }

  std::string_view Get(std::string_view name) const {
    SeriesParts parts(encoded_);
    if (IsFlat()) {
      parts.Take();
      while (!parts.empty()) {
        const std::string_view own = parts.Take();
        const std::string_view value = parts.Take();
        if (own == name) return value;
      }
    }
    for (const std::string& own : shape_.label_names) {
      const std::string_view value = parts.Take();
      if (own == name) return value;
    }
    for (const auto& [own, value] : shape_.constant_labels) {
      if (own == name) return value;
    }
    return {};
  }

  const FamilyShape& shape_;
  const std::string_view encoded_;
};

/// Whether a later collection still has a series.
bool IsStillIn(const Snapshot& snapshot, const FamilyShape& family, std::string_view encoded) {
  return std::ranges::any_of(snapshot.families, [&](const FamilyPoints& points) {
    const FamilyShape& shape = *points.shape;
    if (shape.name != family.name || shape.label_names != family.label_names ||
        shape.constant_labels != family.constant_labels || shape.form != family.form) {
      return false;
    }
    if (&shape == &family) return true;
    for (std::size_t i = 0; i < shape.series_count(); ++i) {
      if (shape.series(i) == encoded) return true;
    }
    return false;
  });
}

/// Whether a series went when a part did.
bool WentWith(const LostPart& part, const Labels& series) {
  const std::string_view name = series.metric_name();
  for (const FamilyPoints& points : part.before->families) {
    const FamilyShape& shape = *points.shape;
    if (shape.form == SeriesForm::kDeclared && !name.empty() && !IsOfFamily(name, shape.name)) {
      continue;
    }
    for (std::size_t i = 0; i < shape.series_count(); ++i) {
      const std::string_view encoded = shape.series(i);
      if (StoredSeries(shape, encoded).Answers(series) && !IsStillIn(*part.after, shape, encoded)) {
        return true;
      }
    }
  }
  return false;
}

bool IsLostWith(const LostPart& part, const InstanceView& view, const Labels& series) {
  if (!part.is_fault && part.before == nullptr) return false;
  const std::string_view name = series.metric_name();
  if (!part.metrics.empty() && !name.empty()) {
    return HasConstantLabels(*view.config, series) && IsAmong(name, part.metrics, Text);
  }
  if (part.before != nullptr) return WentWith(part, series);
  return MayComeFrom(view, series) && (name.empty() || !HasSeen(view, name));
}

}  // namespace

bool IsSourceDown(const InstanceView& view, const Labels& series) {
  if (!view.up) return MayComeFrom(view, series);
  return std::ranges::any_of(view.lost,
                             [&](const LostPart& part) { return IsLostWith(part, view, series); });
}

}  // namespace tocsin
