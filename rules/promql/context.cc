#include "rules/promql/context.h"

#include <algorithm>
#include <utility>

#include "rules/promql/relabeling.h"

namespace tocsin::promql {
namespace {

/// Reading the clock costs as much as evaluating some hundred samples.
constexpr unsigned kCallsPerLook = 8;

/// The same labels, all flagged.
Relabeling FlagAll(const Shape& shape) {
  Relabeling flagged;
  flagged.shape = std::make_shared<const Shape>(
      Shape{shape.labels, std::vector<std::uint8_t>(shape.size(), 1)});
  return flagged;
}

}  // namespace

Status Budget::Take(std::size_t samples) {
  if (samples > left_) {
    return Error{ErrorCode::kTooLarge,
                 "query processing would load too many samples into memory in query execution"};
  }
  left_ -= samples;
  least_left_ = std::min(least_left_, left_);
  return {};
}

Status Budget::Check() {
  if (calls_++ % kCallsPerLook == 0) return CheckNow();
  return CheckStop();
}

Status Budget::CheckNow() {
  if (Status stopped = CheckStop(); !stopped) return stopped;
  if (clock_.SteadyNow() < deadline_) return {};
  return Error{ErrorCode::kTimeout, "query timed out in expression evaluation"};
}

Status Budget::CheckStop() const {
  if (!stop_.stop_requested()) return {};
  return Error{ErrorCode::kUnavailable, "query was canceled in expression evaluation"};
}

Result<Block> DropNames(Block block, Memo& memo, const Context& context) {
  const Relabeling& dropped = memo.Get<Relabeling>(block.shape, nullptr, [&] {
    if (context.features.delayed_name_removal) return FlagAll(*block.shape);
    std::vector<Labels> names;
    names.reserve(block.shape->size());
    for (const Labels& labels : block.shape->labels) {
      names.push_back(WithoutMetadata(labels, context.features));
    }
    return MakeRelabeling(std::move(names), SeriesOrder::kAsTheyCome);
  });
  return Apply(dropped, std::move(block));
}

}  // namespace tocsin::promql
