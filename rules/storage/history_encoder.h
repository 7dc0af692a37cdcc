// Batches of samples as the records of a segment of the history.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/labels.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// What a decoder has at the end of a segment, and an encoder needs to go on with it. By the number
/// of a series in the segment.
struct SegmentState {
  std::vector<Labels> labels;
  std::vector<std::uint64_t> previous;  ///< The bits of the last value.
  std::size_t label_bytes = 0;          ///< Of the segment.
};

/// Writes records of which each holds one batch, against what the records before it in the segment
/// have said: a series' labels are written once, and a value as its difference from the one before.
/// Series that come in the same order as they first did cost nothing to name, and values that have
/// not changed cost a bit.
///
/// Now and then a record is a *restart*: its values, and those after it, stand without what came
/// before. So a damaged record costs the samples up to the next restart, not the rest of the
/// segment. Restarts come when about a sixteenth of the bytes goes into them.
///
/// One thread at a time. The format is written down in docs/storage.md.
class HistoryEncoder {
 public:
  using Appended = AppendObserver::Appended;

  /// Begins a segment: nothing is known.
  void Start();
  /// Goes on with a segment of `bytes` bytes, written by another encoder.
  void Resume(SegmentState state, std::size_t bytes);

  /// The sealed frame (see history_frame.h) for `batch`, which is not empty.
  std::string Encode(std::span<const Appended> batch);

  /// How large the segment has become, and how much of that are labels.
  std::size_t segment_bytes() const { return segment_bytes_; }
  std::size_t label_bytes() const { return label_bytes_; }

 private:
  struct Slot {
    std::uint64_t previous = 0;
    std::uint32_t number_plus_one = 0;  ///< 0: not yet in the segment.
  };
  /// Identifiers of series are mostly consecutive, so slots are kept by the thousand.
  static constexpr std::size_t kPageSlots = 1024;
  using Page = std::array<Slot, kPageSlots>;

  /// The series of a resumed segment that have not been seen since, by their labels.
  class Resumed {
   public:
    Resumed() = default;
    explicit Resumed(SegmentState state);
    bool empty() const { return left_ == 0; }
    /// Removes a series; nothing if it is not there.
    std::optional<Slot> Take(const Labels& labels);
    /// The previous value of each is 0.
    void Restart();

   private:
    std::vector<Labels> labels_;  ///< By number.
    std::vector<std::uint64_t> previous_;
    /// Numbers plus one by the hash of the labels, 0 where there is none. Open addressing: a
    /// restart waits for this table, and a node for each series takes several times as long.
    std::vector<std::uint32_t> table_;
    std::size_t left_ = 0;
  };

  Slot& SlotOf(std::uint64_t series_id);
  void Introduce(Slot& slot, const Labels& labels);
  void Restart();
  void AppendNewSeries(std::string& out) const;

  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
  std::uint64_t last_page_id_ = 0;
  Page* last_page_ = nullptr;
  Resumed resumed_;
  std::uint32_t series_ = 0;
  std::size_t segment_bytes_ = 0;
  std::size_t label_bytes_ = 0;
  std::size_t bytes_since_restart_ = 0;
  // Of the batch at hand; members to keep their memory.
  std::vector<const Labels*> new_series_;
  std::vector<char> values_;
};

}  // namespace tocsin
