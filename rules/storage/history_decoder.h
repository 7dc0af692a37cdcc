// Reads back what HistoryEncoder has written.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "rules/storage/history_encoder.h"
#include "rules/storage/sample.h"
#include "rules/storage/varint.h"

namespace tocsin {

/// One record. Columns of one size; `times` is empty if all samples have the time `t`.
struct HistoryBatch {
  Millis t = 0;
  std::vector<Millis> times;
  std::vector<std::uint32_t> series;  ///< By number, see HistoryDecoder::labels().
  std::vector<double> values;
  /// The bytes that name the series: equal for two records of a segment if and only if `series` is.
  std::string_view layout;

  Millis TimeOf(std::size_t i) const { return times.empty() ? t : times[i]; }
};

/// Reads the records of one segment in order. Trusts nothing: whatever the bytes, it ends, takes
/// memory in proportion to them, and gives no value that was not written. One thread at a time.
class HistoryDecoder {
 public:
  enum class Outcome {
    kRead,     ///< `batch` holds the record.
    kSkipped,  ///< Its values cannot be told, because a record before it was damaged.
    kDamaged,  ///< It does not parse. No series or value is taken from it.
  };

  /// `segment_bytes`: the size of the segment, which has fewer series than bytes.
  explicit HistoryDecoder(std::size_t segment_bytes) : most_series_(segment_bytes) {}

  /// Reads `payload`; `after_damage` says that something before it is missing.
  Outcome Decode(std::string_view payload, bool after_damage, HistoryBatch& batch);

  /// Whether the series with this number was introduced by a record that was read.
  bool Knows(std::uint32_t series) const { return known_[series]; }
  const Labels& labels(std::uint32_t series) const { return state_.labels[series]; }
  std::size_t series() const { return state_.labels.size(); }

  /// For an encoder to go on with the segment, of which every record must have been read.
  SegmentState TakeState() { return std::move(state_); }

 private:
  void NoteDamage();
  bool ReadNewSeries(ByteReader& in);
  bool ReadRuns(ByteReader& in, HistoryBatch& batch) const;
  static void ReadTimes(ByteReader& in, HistoryBatch& batch);
  bool ReadValues(ByteReader& in, HistoryBatch& batch);

  const std::size_t most_series_;
  SegmentState state_;
  std::vector<bool> known_;
  bool awaits_restart_ = false;
  bool has_gap_ = false;  ///< Whether a record before may have introduced series.
};

}  // namespace tocsin
