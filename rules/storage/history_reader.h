// From the bytes of a segment to its records, ahead of who takes them.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "rules/storage/history_decoder.h"
#include "rules/storage/history_frame.h"

namespace tocsin {

/// Reads the records of a segment. Making labels of bytes takes as long as making series of labels,
/// and a restart waits for both: a large segment is read on a thread of its own, as far ahead as
/// kMostAhead allows.
///
/// The bytes must outlive it and what it returns. One thread at a time takes from it.
class HistoryReader {
 public:
  /// Samples and series that may wait to be taken: 2 MiB of values.
  static constexpr std::size_t kMostAhead = std::size_t{1} << 18;
  /// The bytes of a segment that is large.
  static constexpr std::size_t kLarge = std::size_t{1} << 20;

  explicit HistoryReader(std::string_view segment);
  HistoryReader(const HistoryReader&) = delete;
  HistoryReader& operator=(const HistoryReader&) = delete;

  /// The next record of which anything can be read, in order; nothing at the end.
  std::optional<HistoryBatch> Next();

  // Once Next() has returned nothing.

  const FrameReader& frames() const { return frames_; }
  HistoryDecoder& decoder() { return decoder_; }
  /// Records that are whole, but cannot be read, or not without one that was damaged.
  std::uint64_t lost_records() const { return lost_records_; }

 private:
  using Batches = std::vector<HistoryBatch>;

  std::optional<HistoryBatch> Read();
  void ReadAhead(const std::stop_token& stop);
  bool HandOver(Batches& batches, const std::stop_token& stop);
  bool TakeOver();

  // Of who reads: the thread, or without one who takes.
  FrameReader frames_;
  HistoryDecoder decoder_;
  std::uint64_t lost_records_ = 0;

  Batches taken_;  ///< Of who takes: those from next_ on.
  std::size_t next_ = 0;

  Mutex mutex_;
  std::condition_variable_any changed_;
  Batches ready_ TOCSIN_GUARDED_BY(mutex_);
  std::size_t ready_size_ TOCSIN_GUARDED_BY(mutex_) = 0;
  bool is_at_end_ TOCSIN_GUARDED_BY(mutex_) = false;

  std::jthread reading_;  ///< Last, so that it ends before what it uses.
};

}  // namespace tocsin
