#include "rules/result_lookup.h"

#include <algorithm>
#include <utility>

namespace tocsin {
namespace {

bool IsPartOf(const Labels& part, const Labels& whole) {
  return std::ranges::all_of(part, [&](const Label& label) {
    return label.name.text() == kMetricNameLabel || whole.Get(label.name) == label.value;
  });
}

}  // namespace

Status ResultLookup::Run(Millis at) {
  Result<promql::Block> block = query_.Run(at);
  if (!block) return block.error();
  block_ = std::move(*block);
  return {};
}

std::optional<double> ResultLookup::Find(const Labels& labels, std::uint32_t guess) {
  const std::uint32_t row = RowOf(labels, guess);
  if (row == kNoRow || !promql::IsPresent(block_.values[row])) return std::nullopt;
  return block_.values[row];
}

bool ResultLookup::HoldsFor(const Labels& labels, std::uint32_t guess) {
  if (query_.IsNumber()) return block_.values.front() != 0;
  if (Find(labels, guess)) return true;
  if (indexed_ != block_.shape) IndexRows();
  if (fewest_labels_ >= labels.WithoutName().size()) return false;
  for (std::size_t row = 0; row < block_.values.size(); ++row) {
    const bool is_present = promql::IsPresent(block_.values[row]);
    if (is_present && IsPartOf(block_.shape->labels[row], labels)) return true;
  }
  return false;
}

std::uint32_t ResultLookup::RowOf(const Labels& labels, std::uint32_t guess) {
  const promql::Shape& shape = *block_.shape;
  if (guess < shape.size() && shape.labels[guess] == labels) return guess;
  if (indexed_ != block_.shape) IndexRows();
  const auto found = rows_.find(labels.WithoutName());
  return found == rows_.end() ? kNoRow : found->second;
}

void ResultLookup::IndexRows() {
  indexed_ = block_.shape;
  rows_.clear();
  fewest_labels_ = std::numeric_limits<std::size_t>::max();
  for (std::uint32_t row = 0; row < indexed_->size(); ++row) {
    Labels labels = indexed_->labels[row].WithoutName();
    fewest_labels_ = std::min(fewest_labels_, labels.size());
    rows_.emplace(std::move(labels), row);
  }
}

}  // namespace tocsin
