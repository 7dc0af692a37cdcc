#include "rules/promql/selector.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::promql {
namespace {

constexpr double kMillisPerSecond = 1000;

/// Steps so far apart that decoding what lies between them costs more than finding each anew.
bool IsSparse(const Moments& moments, Millis lookback) {
  return moments.steps.count == 1 || moments.steps.step > 4 * lookback;
}

double Show(const Sample& sample, Reading reading) {
  return reading == Reading::kTime ? static_cast<double>(sample.t) / kMillisPerSecond : sample.v;
}

/// One look-up per series and step.
Status LookUp(const Selection& selection, const Moments& moments, Reading reading,
              Environment& environment, Block& block) {
  std::array<Sample, 256> found;  // Some at a time, which stay in the cache.
  for (std::size_t begin = 0; begin < selection.size(); begin += found.size()) {
    const std::size_t count = std::min(found.size(), selection.size() - begin);
    for (std::size_t i = 0; i < moments.steps.count; ++i) {
      const Millis at = moments.at(i);
      selection.Newest(begin, at - environment.lookback, at, std::span(found).first(count),
                       environment.read_point);
      for (std::size_t k = 0; k < count; ++k) {
        if (!IsStaleNan(found[k].v)) block.row(begin + k)[i] = Show(found[k], reading);
      }
      if (const Status counted = environment.Count(count); !counted) return counted.error();
    }
  }
  return {};
}

/// One pass over the samples, stale markers included, of all steps.
void WalkRow(const Samples& samples, const Moments& moments, Millis lookback, Reading reading,
             double* row) {
  std::size_t after = 0;  // the first sample after the moment
  for (std::size_t i = 0; i < moments.steps.count; ++i) {
    const Millis at = moments.at(i);
    while (after < samples.size() && samples.t[after] <= at) ++after;
    if (after == 0) continue;
    const Sample newest{samples.t[after - 1], samples.v[after - 1]};
    if (newest.t > at - lookback && !IsStaleNan(newest.v)) row[i] = Show(newest, reading);
  }
}

double Between(const Samples& samples, std::size_t before, Millis at) {
  const double share = static_cast<double>(at - samples.t[before]) /
                       static_cast<double>(samples.t[before + 1] - samples.t[before]);
  return samples.v[before] + (samples.v[before + 1] - samples.v[before]) * share;
}

void SmoothRow(const Samples& samples, const Moments& moments, Millis lookback, double* row) {
  std::size_t after = 0;
  for (std::size_t i = 0; i < moments.steps.count; ++i) {
    const Millis at = moments.at(i);
    while (after < samples.size() && samples.t[after] <= at) ++after;
    if (after == 0 || samples.t[after - 1] <= at - lookback) continue;
    const bool has_next = after < samples.size() && samples.t[after] <= at + lookback;
    const bool is_between = has_next && samples.t[after - 1] < at;
    row[i] = is_between ? Between(samples, after - 1, at) : samples.v[after - 1];
  }
}

/// The one metric name that all series have, or nothing.
std::string_view MetricName(std::span<const Matcher> matchers) {
  for (const Matcher& matcher : matchers) {
    const bool is_name =
        matcher.type() == MatchType::kEqual && matcher.name().text() == kMetricNameLabel;
    if (is_name) return matcher.value();
  }
  return {};
}

Result<Block> MakeBlock(const SelectedSeries& series, const Moments& moments,
                        Environment& environment) {
  const std::size_t size = series.shape()->size() * moments.steps.count;
  if (const Status taken = environment.budget.Take(size); !taken) return taken.error();
  return Block(series.shape(), moments.steps.count);
}

}  // namespace

void SelectedSeries::Refresh(const Environment& environment, std::span<const Matcher> matchers) {
  if (IsKnownAt(environment.generation)) return;
  // Read before looking: what changes meanwhile is seen the next time.
  if (const std::string_view name = MetricName(matchers); !name.empty()) {
    const std::uint64_t before =
        std::exchange(name_generation_, environment.store.generation(name));
    if (selection_ != nullptr && before == name_generation_) {
      generation_ = environment.generation;
      return;
    }
  }
  std::shared_ptr<const Selection> found = environment.store.Select(matchers, selection_);
  // Not that of now: what has changed since the query began is seen the next time.
  generation_ = environment.generation;
  if (shape_ && found == selection_) return;
  auto shape = std::make_shared<Shape>();
  shape->labels.reserve(found->size());
  for (std::size_t i = 0; i < found->size(); ++i) shape->labels.push_back(found->labels(i));
  selection_ = std::move(found);
  shape_ = std::move(shape);
}

Moments MakeMoments(const AtModifier& at, Millis offset, const Steps& steps,
                    const Environment& environment) {
  Moments moments{steps, offset, std::nullopt};
  switch (at.kind) {
    case AtModifier::Kind::kNone: break;
    case AtModifier::Kind::kTime: moments.pin = at.time; break;
    case AtModifier::Kind::kStart: moments.pin = environment.query.start; break;
    case AtModifier::Kind::kEnd: moments.pin = environment.query.end; break;
  }
  return moments;
}

Result<Block> ReadNewest(const SelectedSeries& series, const Moments& moments, Reading reading,
                         Environment& environment) {
  Result<Block> block = MakeBlock(series, moments, environment);
  if (!block) return block;
  const Selection& selection = series.selection();
  const Millis lookback = environment.lookback;
  if (IsSparse(moments, lookback)) {
    const Status read = LookUp(selection, moments, reading, environment, *block);
    if (!read) return read.error();
    return block;
  }
  Samples& buffer = environment.buffer;
  for (std::size_t s = 0; s < selection.size(); ++s) {
    buffer.clear();
    selection.Read(s, moments.first() - lookback, moments.last(), buffer, environment.read_point,
                   StaleMarkers::kKeep);
    WalkRow(buffer, moments, lookback, reading, block->row(s));
    if (const Status counted = environment.Count(buffer.size()); !counted) return counted.error();
  }
  return block;
}

Result<Block> ReadSmoothed(const SelectedSeries& series, const Moments& moments,
                           Environment& environment) {
  Result<Block> block = MakeBlock(series, moments, environment);
  if (!block) return block;
  const Selection& selection = series.selection();
  const Millis lookback = environment.lookback;
  Samples& buffer = environment.buffer;
  for (std::size_t s = 0; s < selection.size(); ++s) {
    buffer.clear();
    selection.Read(s, moments.first() - lookback, moments.last() + lookback, buffer,
                   environment.read_point);
    SmoothRow(buffer, moments, lookback, block->row(s));
    if (const Status counted = environment.Count(buffer.size()); !counted) return counted.error();
  }
  return block;
}

}  // namespace tocsin::promql
