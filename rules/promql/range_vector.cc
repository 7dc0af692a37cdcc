#include "rules/promql/range_vector.h"

#include <utility>

namespace tocsin::promql {
namespace {

/// Series with so many samples that reading them could exhaust the memory are longer than this.
constexpr Millis kWorthCounting = Millis{60} * 60 * 1000;

}  // namespace

RangeVector::RangeVector(const SelectedSeries& series, const Moments& moments, Millis range,
                         Extension extension, Environment& environment)
    : shape_(series.shape()),
      selection_(series.shared_selection()),
      moments_(moments),
      range_(range),
      extension_(extension),
      environment_(environment),
      sparse_(moments.steps.count > 1 && moments.steps.step > 2 * range && !moments.pin) {}

RangeVector::RangeVector(Block points, const Steps& inner, const Moments& moments, Millis range,
                         Environment& environment)
    : shape_(points.shape),
      points_(std::move(points)),
      inner_(inner),
      moments_(moments),
      range_(range),
      environment_(environment) {}

void RangeVector::ReadFrom(KeptWindows& windows) {
  kept_ = &windows;
  kept_->Begin(selection_, moments_.first() - range_, moments_.last());
}

Status RangeVector::Begin(std::size_t series) {
  series_ = series;
  begin_ = end_ = 0;
  if (selection_ == nullptr) {
    CollectPoints();
    return environment_.Count(0);
  }
  if (sparse_) return environment_.Count(0);
  if (kept_ != nullptr) return ReadKept();
  return Read(moments_.first() - range_, moments_.last());
}

Status RangeVector::ReadKept() {
  if (kept_->Advance(series_, environment_.read_point)) {
    samples_ = kept_->view(series_);
    return environment_.Count(samples_.t.size());
  }
  if (Status read = Read(moments_.first() - range_, moments_.last()); !read) return read;
  kept_->Keep(series_, environment_.buffer);
  return {};
}

Status RangeVector::Read(Millis start, Millis end) {
  const Millis after = extension_ == Extension::kNone ? start : start - environment_.lookback;
  const Millis until = extension_ == Extension::kSmoothed ? end + environment_.lookback : end;
  if (until - after > kWorthCounting) {
    const std::size_t most = selection_->CountAtMost(series_, after, until);
    if (Status fits = environment_.budget.Take(most); !fits) return fits;
    environment_.budget.GiveBack(most);
  }
  environment_.buffer.clear();
  selection_->Read(series_, after, until, environment_.buffer, environment_.read_point);
  ShowBuffer();
  return environment_.Count(environment_.buffer.size());
}

void RangeVector::CollectPoints() {
  Samples& buffer = environment_.buffer;
  buffer.clear();
  const double* const row = points_.row(series_);
  for (std::size_t i = 0; i < points_.steps; ++i) {
    if (IsAbsent(row[i])) continue;
    buffer.t.push_back(inner_.at(i));
    buffer.v.push_back(row[i]);
  }
  ShowBuffer();
}

void RangeVector::Slide(Millis start, Millis end) {
  const std::span<const Millis> t = samples_.t;
  if (!t.empty() && t.back() <= end) end_ = t.size();
  while (end_ < t.size() && t[end_] <= end) ++end_;
  while (begin_ < t.size() && t[begin_] <= start) ++begin_;
}

Status RangeVector::MoveTo(std::size_t step) {
  window_.end = moments_.at(step);
  window_.start = window_.end - range_;
  window_.now = moments_.steps.at(step);
  window_.extension = extension_;
  if (sparse_) {
    begin_ = end_ = 0;
    if (Status read = Read(window_.start, window_.end); !read) return read;
  }
  Slide(window_.start, window_.end);
  const std::span<const Millis> t = samples_.t;
  std::size_t from = begin_;
  std::size_t to = end_;
  if (extension_ != Extension::kNone && from > 0 &&
      t[from - 1] > window_.start - environment_.lookback) {
    --from;
  }
  if (extension_ == Extension::kSmoothed && to < t.size() &&
      t[to] <= window_.end + environment_.lookback) {
    ++to;
  }
  window_.t = t.subspan(from, to - from);
  window_.v = samples_.v.subspan(from, to - from);
  return {};
}

}  // namespace tocsin::promql
