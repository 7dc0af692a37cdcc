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
  /// The series that it introduces, numbered one after the other. Numbers that are left out are of
  /// series whose labels are not known.
  std::uint32_t first_introduced = 0;
  std::vector<Labels> introduced;

  Millis t = 0;
  std::vector<Millis> times;
  std::vector<std::uint32_t> series;  ///< By number: introduced here, or by a record before.
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
    kDamaged,  ///< It does not parse.
  };

  /// `segment_bytes`: the size of the segment, which has fewer series than bytes.
  explicit HistoryDecoder(std::size_t segment_bytes) : most_series_(segment_bytes) {}

  /// Reads `payload`; `after_damage` says that something before it is missing. Whatever becomes of
  /// the samples, which are there only with kRead, series that the record introduces are in
  /// `batch`.
  Outcome Decode(std::string_view payload, bool after_damage, HistoryBatch& batch);

  /// Series have lower numbers.
  std::size_t series() const { return previous_.size(); }
  /// For an encoder to go on with the segment, of which every record must have been read and gave
  /// `labels`, by number.
  SegmentState TakeState(std::vector<Labels> labels) {
    return {std::move(labels), std::move(previous_), label_bytes_};
  }

 private:
  void NoteDamage();
  bool ReadNewSeries(ByteReader& in, HistoryBatch& batch);
  bool ReadRuns(ByteReader& in, HistoryBatch& batch) const;
  static void ReadTimes(ByteReader& in, HistoryBatch& batch);
  bool ReadValues(ByteReader& in, HistoryBatch& batch);

  const std::size_t most_series_;
  std::vector<std::uint64_t> previous_;  ///< By series, the bits of the last value.
  std::size_t label_bytes_ = 0;
  bool awaits_restart_ = false;
  bool has_gap_ = false;  ///< Whether a record before may have introduced series.
};

}  // namespace tocsin
