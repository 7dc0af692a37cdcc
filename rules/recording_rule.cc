#include "rules/recording_rule.h"

#include <string>
#include <unordered_set>
#include <utility>

namespace tocsin {
namespace {

/// Two rows that have a value and are recorded as the same series are a mistake.
Status CheckDistinct(const std::vector<Labels>& labels, const promql::Block& block) {
  std::unordered_set<Labels> seen;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (promql::IsPresent(block.values[row]) && !seen.insert(labels[row]).second) {
      return Error{ErrorCode::kInvalidInput,
                   "vector contains metrics with the same labelset after applying rule labels"};
    }
  }
  return {};
}

}  // namespace

RecordingRule::RecordingRule(std::shared_ptr<const Rule> rule, const RuleSettings& settings,
                             std::shared_ptr<const RuleEnvironment> environment)
    : EvaluatedRule(std::move(rule), settings, std::move(environment)),
      query_(EvaluatedRule::environment(), EvaluatedRule::rule().expr,
             EvaluatedRule::environment().shared_results) {}

RuleOutcome RecordingRule::EvaluateAt(Millis at) {
  const Result<promql::Block> block = query_.Run(Shifted(at));
  Status checked = block ? CheckLimit(*block) : Status(block.error());
  Layout fresh;
  if (checked && block->shape != layout_.shape) fresh = LayOut(block->shape);
  const Layout& layout = fresh.shape ? fresh : layout_;
  if (checked && layout.may_collide) checked = CheckDistinct(layout.labels, *block);
  RuleOutcome outcome;
  if (block) outcome.result_series = CountPresent(*block);
  if (!block) outcome.error_position = query_.failed_at();
  if (!checked) {
    outcome.error = checked.error().message;
    writer().Skip();
    return outcome;
  }
  if (fresh.shape) {
    outdated_.insert(outdated_.end(), handles_.begin(), handles_.end());
    handles_.assign(fresh.labels.size(), SeriesWriter::kNone);
    layout_ = std::move(fresh);
  }
  UpdateSeries(*block);
  Write(at, outcome);
  return outcome;
}

Status RecordingRule::CheckLimit(const promql::Block& block) const {
  if (settings().limit == 0) return {};
  const std::size_t count = CountPresent(block);
  if (count <= settings().limit) return {};
  return Error{ErrorCode::kTooLarge, "exceeded limit of " + std::to_string(settings().limit) +
                                         " with " + std::to_string(count) + " series"};
}

RecordingRule::Layout RecordingRule::LayOut(const promql::ShapePtr& shape) const {
  Layout layout{.shape = shape, .labels = {}, .may_collide = false};
  layout.labels.reserve(shape->size());
  std::unordered_set<Labels> seen;
  for (const Labels& labels : shape->labels) {
    LabelsBuilder builder(labels);
    builder.Set(kMetricNameLabel, rule().name);
    for (const auto& [name, value] : rule().labels) builder.Set(name, value);
    layout.labels.push_back(builder.Build());
    layout.may_collide |= !seen.insert(layout.labels.back()).second;
  }
  return layout;
}

void RecordingRule::UpdateSeries(const promql::Block& block) {
  for (std::size_t row = 0; row < handles_.size(); ++row) {
    const bool was_present = handles_[row] != SeriesWriter::kNone;
    if (promql::IsPresent(block.values[row]) == was_present) continue;
    if (was_present) {
      writer().Release(std::exchange(handles_[row], SeriesWriter::kNone));
    } else {
      handles_[row] = writer().Add(layout_.labels[row], block.values[row]);
    }
  }
  // After the new ones were added: what is in both goes on.
  for (const SeriesWriter::Handle handle : outdated_) {
    if (handle != SeriesWriter::kNone) writer().Release(handle);
  }
  outdated_.clear();
  writer().Set(handles_, block.values);
}

RuleOutcome RecordingRule::EndAt(Millis) {
  layout_ = {};
  handles_.clear();
  outdated_.clear();
  return {};
}

void RecordingRule::TakeOverFrom(EvaluatedRule& old) {
  auto& from = static_cast<RecordingRule&>(old);
  outdated_ = std::exchange(from.outdated_, {});
  outdated_.insert(outdated_.end(), from.handles_.begin(), from.handles_.end());
  from.EndAt(0);
}

}  // namespace tocsin
