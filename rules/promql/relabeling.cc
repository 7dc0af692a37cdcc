#include "rules/promql/relabeling.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace tocsin::promql {
namespace {

constexpr std::string_view kTypeLabel = "__type__";
constexpr std::string_view kUnitLabel = "__unit__";

Error DuplicateSeries() {
  return {ErrorCode::kInvalidInput, "vector cannot contain metrics with the same labelset"};
}

/// Moves the values of row `from` into `to`, which holds those of other series of its name.
Status MergeRow(const double* from, double* to, std::size_t steps) {
  for (std::size_t i = 0; i < steps; ++i) {
    if (IsAbsent(from[i])) continue;
    if (IsPresent(to[i])) return DuplicateSeries();
    to[i] = from[i];
  }
  return {};
}

std::vector<std::uint32_t> MoveOrder(const Relabeling& relabeling,
                                     const std::vector<std::uint32_t>& order) {
  std::vector<std::uint32_t> moved;
  std::vector<bool> seen(relabeling.shape->size());
  for (const std::uint32_t series : order) {
    const std::uint32_t target = relabeling.target[series];
    if (!seen[target]) moved.push_back(target);
    seen[target] = true;
  }
  return moved;
}

/// Sorts `names` and points `target` at where they are now.
void SortNames(std::vector<Labels>& names, std::vector<std::uint32_t>& target) {
  if (std::is_sorted(names.begin(), names.end())) return;
  std::vector<std::uint32_t> by_labels(names.size());
  std::iota(by_labels.begin(), by_labels.end(), 0);
  std::sort(by_labels.begin(), by_labels.end(),
            [&](std::uint32_t a, std::uint32_t b) { return names[a] < names[b]; });
  std::vector<std::uint32_t> place(names.size());
  std::vector<Labels> sorted;
  sorted.reserve(names.size());
  for (const std::uint32_t name : by_labels) {
    place[name] = static_cast<std::uint32_t>(sorted.size());
    sorted.push_back(std::move(names[name]));
  }
  names = std::move(sorted);
  for (std::uint32_t& t : target) t = place[t];
}

bool StaysInPlace(const std::vector<std::uint32_t>& target) {
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] != i) return false;
  }
  return true;
}

}  // namespace

Labels WithoutMetadata(const Labels& labels, const Features& features) {
  if (!features.type_and_unit_labels || (!labels.Has(kTypeLabel) && !labels.Has(kUnitLabel))) {
    return labels.WithoutName();
  }
  return LabelsBuilder(labels)
      .Remove(kMetricNameLabel)
      .Remove(kTypeLabel)
      .Remove(kUnitLabel)
      .Build();
}

std::vector<Labels> VisibleLabels(const Shape& shape, const Features& features) {
  std::vector<Labels> visible;
  visible.reserve(shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) {
    visible.push_back(shape.drops_name(i) ? WithoutMetadata(shape.labels[i], features)
                                          : shape.labels[i]);
  }
  return visible;
}

Relabeling MakeRelabeling(std::vector<Labels> labels, SeriesOrder order) {
  Relabeling relabeling;
  std::vector<Labels> names;
  std::unordered_map<Labels, std::uint32_t> known;
  known.reserve(labels.size());
  relabeling.target.reserve(labels.size());
  for (Labels& name : labels) {
    const auto [place, is_new] = known.try_emplace(name, static_cast<std::uint32_t>(names.size()));
    relabeling.target.push_back(place->second);
    if (is_new) names.push_back(std::move(name));
  }
  relabeling.merges = names.size() < labels.size();
  if (order == SeriesOrder::kByLabels) SortNames(names, relabeling.target);
  if (StaysInPlace(relabeling.target)) relabeling.target.clear();
  relabeling.shape = std::make_shared<const Shape>(Shape{std::move(names), {}});
  return relabeling;
}

Result<Block> Apply(const Relabeling& relabeling, Block block) {
  if (relabeling.target.empty()) {
    block.shape = relabeling.shape;
    return block;
  }
  Block moved(relabeling.shape, block.steps);
  for (std::size_t i = 0; i < relabeling.target.size(); ++i) {
    double* const to = moved.row(relabeling.target[i]);
    if (!relabeling.merges) {
      std::copy_n(block.row(i), block.steps, to);
    } else if (const Status merged = MergeRow(block.row(i), to, block.steps); !merged) {
      return merged.error();
    }
  }
  moved.order = MoveOrder(relabeling, block.order);
  return moved;
}

}  // namespace tocsin::promql
