// The windows of a range selector, kept from one evaluation to the next.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "rules/storage/selection.h"

namespace tocsin::promql {

/// How many bytes all kept windows of an engine may take together. Safe for concurrent use.
class WindowAllowance {
 public:
  explicit WindowAllowance(std::size_t most) : most_(most) {}

  /// False if there are not so many left.
  bool Take(std::size_t bytes);
  void GiveBack(std::size_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }
  std::size_t most() const { return most_; }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> taken_ = 0;
};

/// Samples as columns, in the order of time, that someone else holds.
struct SampleView {
  std::span<const Millis> t;
  std::span<const double> v;
};

/// The samples of each series of a selection in the window (start, end] of the last evaluation. As
/// long as windows move forward, only what is new is read, and what is too old is dropped at the
/// front.
///
/// What Advance() shows is what Selection::Read() would give: the same samples, so that whatever is
/// computed from them is the same to the last bit. It rests on this: a series changes at its end
/// alone, where ReadOn() finds each sample once; and what retention takes from its beginning makes
/// ReadOn() say so. A window that cannot be told like that is not shown, and is to be read in full:
///
/// - time has gone back, or the window begins before the last one did;
/// - the series is new to the selection, or samples that it had in the window were dropped;
/// - there is no room: a fourth of the allowance is what one selector may take.
///
/// One thread at a time.
class KeptWindows {
 public:
  explicit KeptWindows(std::shared_ptr<WindowAllowance> allowance)
      : allowance_(std::move(allowance)) {}
  ~KeptWindows() { DropAll(); }
  KeptWindows(const KeptWindows&) = delete;
  KeptWindows& operator=(const KeptWindows&) = delete;

  /// Before each evaluation. Series that were in the selection before keep their samples.
  void Begin(const std::shared_ptr<const Selection>& selection, Millis start, Millis end);

  /// Moves the window of series `i` to where Begin() has said. False if it is not known: then it is
  /// to be read, and to be given to Keep().
  bool Advance(std::size_t i, ReadPoint at);
  /// `samples` are all of series `i` in the window, without stale markers.
  void Keep(std::size_t i, const Samples& samples);
  /// After Advance(); valid until the next call for this series.
  SampleView view(std::size_t i) const { return windows_[i].view(); }

  /// What it takes.
  std::size_t bytes() const { return bytes_; }

 private:
  /// The times are in the first half of one piece of memory, the values in the second; those that
  /// count are from begin on.
  struct Window {
    ReadPosition position;  ///< Without a series: nothing is known.
    std::unique_ptr<std::uint64_t[]> memory;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t capacity = 0;

    Millis* t() const { return reinterpret_cast<Millis*>(memory.get()); }
    double* v() const { return reinterpret_cast<double*>(memory.get() + capacity); }
    std::size_t size() const { return end - begin; }
    SampleView view() const { return {{t() + begin, size()}, {v() + begin, size()}}; }
  };

  void Remap(const std::shared_ptr<const Selection>& selection);
  bool Append(Window& window, const Samples& samples);
  bool MakeRoom(Window& window, std::size_t more);
  void Drop(Window& window);
  void DropAll();
  bool Take(std::size_t bytes);
  void GiveBack(std::size_t bytes);

  const std::shared_ptr<WindowAllowance> allowance_;
  std::size_t bytes_ = 0;
  std::shared_ptr<const Selection> selection_;
  std::vector<Window> windows_;  ///< Of each series.
  Millis start_ = std::numeric_limits<Millis>::min();
  Millis end_ = std::numeric_limits<Millis>::min();
  Samples fresh_;  ///< A member for its room.
};

}  // namespace tocsin::promql
