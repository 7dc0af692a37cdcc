#include "exporter/rule_series.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/labels.h"

namespace tocsin {
namespace {

using Written = Group::Written;

/// Whether the text format can write the name without quotes.
bool IsPlainName(std::string_view name, bool colons) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (colons && c == ':');
  });
}

bool CanBeWritten(const Labels& series) {
  if (!IsPlainName(series.metric_name(), true)) return false;
  return std::all_of(series.begin(), series.end(),
                     [](const Label& label) { return IsPlainName(label.name.text(), false); });
}

/// Orders families by name, and series within one by labels.
bool Before(const Written& a, const Written& b) {
  const std::string_view name = a.labels.metric_name();
  if (name != b.labels.metric_name()) return name < b.labels.metric_name();
  return a.labels < b.labels;
}

/// The shape of the series in [begin, end), which have one name.
FamilyShape ShapeOf(const Written* begin, const Written* end) {
  FamilyShape shape;
  shape.name = begin->labels.metric_name();
  shape.help = "Written by rules.";
  std::set<std::string_view> names;
  for (const Written* series = begin; series != end; ++series) {
    for (const Label& label : series->labels) names.insert(label.name.text());
  }
  names.erase(kMetricNameLabel);
  shape.label_names.assign(names.begin(), names.end());
  for (const Written* series = begin; series != end; ++series) {
    for (const std::string& name : shape.label_names) {
      shape.label_values.append(series->labels.Get(name)) += FamilyShape::kDelimiter;
    }
    shape.series_ends.push_back(static_cast<std::uint32_t>(shape.label_values.size()));
  }
  return shape;
}

}  // namespace

std::vector<FamilyPoints> RuleSeries::Families(std::vector<Written> written) {
  std::erase_if(written, [](const Written& series) { return !CanBeWritten(series.labels); });
  std::sort(written.begin(), written.end(), &Before);
  const auto twice = std::unique(written.begin(), written.end(),
                                 [](const auto& a, const auto& b) { return a.labels == b.labels; });
  written.erase(twice, written.end());

  const MutexLock lock(mutex_);
  std::vector<FamilyPoints> families;
  std::vector<std::shared_ptr<const FamilyShape>> shapes;
  const Written* const all_end = written.data() + written.size();
  for (const Written* begin = written.data(); begin != all_end;) {
    const Written* const end = std::find_if(begin, all_end, [&](const Written& series) {
      return series.labels.metric_name() != begin->labels.metric_name();
    });
    FamilyPoints points{Known(ShapeOf(begin, end)), {}};
    for (; begin != end; ++begin) points.values.push_back(begin->value);
    shapes.push_back(points.shape);
    families.push_back(std::move(points));
  }
  shapes_ = std::move(shapes);
  return families;
}

std::shared_ptr<const FamilyShape> RuleSeries::Known(FamilyShape shape) {
  for (const auto& known : shapes_) {
    if (known->name == shape.name && *known == shape) return known;
  }
  return std::make_shared<const FamilyShape>(std::move(shape));
}

}  // namespace tocsin
