// How much the series of a range selector grow, kept from one evaluation to the next.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "rules/promql/functions.h"
#include "rules/promql/kept_windows.h"
#include "rules/storage/selection.h"

namespace tocsin::promql {

/// Of each series of a selection, the WindowGrowth over the window (start, end] of the last
/// evaluation, for as long as windows move forward. Each sample is looked at when it comes in at
/// the end and when it goes out at the start, however long the window is: that is what counters
/// over an hour need, for which KeptWindows would take too much.
///
/// The growth is that of the samples that Selection::Read() would give. It is counted, not summed
/// up, so that nothing is rounded on the way: which samples are first and last, how many there are,
/// and the values before resets. The reasons why a window is not known are those of KeptWindows.
///
/// One thread at a time.
class KeptGrowth {
 public:
  explicit KeptGrowth(std::shared_ptr<WindowAllowance> allowance)
      : allowance_(std::move(allowance)) {}
  ~KeptGrowth();
  KeptGrowth(const KeptGrowth&) = delete;
  KeptGrowth& operator=(const KeptGrowth&) = delete;

  /// Before each evaluation. Series that were in the selection before keep what is known of them.
  void Begin(const std::shared_ptr<const Selection>& selection, Millis start, Millis end);

  /// Moves the window of series `i` to where Begin() has said. False if it is not known: then it is
  /// to be read, and to be given to Keep().
  bool Advance(std::size_t i, ReadPoint at);
  /// `samples` are all of series `i` in the window, without stale markers.
  void Keep(std::size_t i, const SampleView& samples);

  /// After Advance(). How many samples are in the window; growth() is there only if there are two.
  std::size_t count(std::size_t i) const { return tracks_[i].count; }
  WindowGrowth growth(std::size_t i);

 private:
  /// The oldest samples of a window are at hand, so that most of the time one goes out without a
  /// look at the store.
  static constexpr std::size_t kMostOldest = 24;
  /// A series that decreases more often is read each time.
  static constexpr std::size_t kMostResets = 8;
  struct alignas(64) Track {
    ReadPosition position;  ///< Without a series: nothing is known.
    std::uint32_t count = 0;
    std::uint16_t begin = 0;   ///< Of `oldest`.
    std::uint16_t size = 0;    ///< At least 1 if count is.
    std::uint32_t resets = 0;  ///< Of before_resets; more than there is room for: not known.
    Sample last;               ///< If count is not 0.
    std::array<Sample, kMostOldest> oldest;
    std::array<Sample, kMostResets> before_resets;
  };

  void Enter(Track& track, Sample sample);
  void LeaveResets(Track& track) const;
  bool Leave(std::size_t i, ReadPoint at);
  bool Refill(std::size_t i, Millis after, ReadPoint at);

  const std::shared_ptr<WindowAllowance> allowance_;
  std::size_t bytes_ = 0;  ///< Taken from it.
  std::shared_ptr<const Selection> selection_;
  std::vector<Track> tracks_;  ///< Of each series; empty if there is no room.
  Millis start_ = std::numeric_limits<Millis>::min();
  Millis end_ = std::numeric_limits<Millis>::min();
  Samples samples_;             ///< A member for its room.
  std::vector<double> resets_;  ///< The same.
};

}  // namespace tocsin::promql
