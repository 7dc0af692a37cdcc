#include "rules/promql/grouping.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace tocsin::promql {
namespace {

bool KeepsName(const LabelSubset& labels, const Features& features) {
  const auto names = NameLabels(features);
  return std::any_of(names.begin(), names.end(), [&](const Symbol& n) { return labels.Has(n); });
}

/// Flags each group of which a series is flagged; says whether they are not all alike.
bool FlagGroups(const Shape& input, const Buckets& members, Shape& groups) {
  bool vary = false;
  groups.drop_name.assign(groups.size(), 0);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto flagged = std::count_if(members[g].begin(), members[g].end(),
                                       [&](std::uint32_t s) { return input.drops_name(s); });
    groups.drop_name[g] = flagged > 0 ? 1 : 0;
    vary = vary || (flagged > 0 && static_cast<std::size_t>(flagged) < members[g].size());
  }
  return vary;
}

bool HasValue(const Block& block, std::uint32_t series) {
  return std::any_of(block.row(series), block.row(series) + block.steps, IsPresent);
}

}  // namespace

LabelSubset GroupingLabels(const Aggregate& aggregate, const Features& features) {
  if (aggregate.without) return LabelSubset::AllBut(aggregate.grouping, NameLabels(features));
  return LabelSubset::Only(aggregate.grouping);
}

Grouping MakeGrouping(const Shape& input, const LabelSubset& labels, const Features& features) {
  SubsetIndex index(labels, 64);
  std::vector<std::uint32_t> group_of;
  group_of.reserve(input.size());
  for (const Labels& series : input.labels) group_of.push_back(index.Add(series));

  Grouping grouping;
  grouping.members = Buckets(group_of, index.size());
  Shape groups;
  groups.labels.reserve(index.size());
  for (std::size_t g = 0; g < index.size(); ++g) groups.labels.push_back(labels.Of(index.first(g)));
  if (!input.drop_name.empty() && KeepsName(labels, features)) {
    grouping.name_flags_vary = FlagGroups(input, grouping.members, groups);
  }
  grouping.shape = std::make_shared<const Shape>(std::move(groups));
  return grouping;
}

ShapePtr NameFlags(const Grouping& grouping, const Block& input) {
  Shape groups{grouping.shape->labels, std::vector<std::uint8_t>(grouping.shape->size())};
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto members = grouping.members[g];
    groups.drop_name[g] = std::any_of(members.begin(), members.end(), [&](std::uint32_t s) {
      return input.shape->drops_name(s) && HasValue(input, s);
    });
  }
  return std::make_shared<const Shape>(std::move(groups));
}

}  // namespace tocsin::promql
