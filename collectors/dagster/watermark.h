// How far a growing table has been counted, by moment or by id. No I/O.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "collectors/dagster/naive_time.h"

namespace tocsin::collectors::dagster {

/// How far the rows of one kind have been counted, such as the finished runs of one status, each
/// row once. `Id` orders rows of the same moment.
///
/// Rows are read in the order of their last update. Three things make that order treacherous: a
/// commit can come late, and the writer's clock lag, so every scan begins `overlap` before the
/// watermark and what was counted is remembered by its run id; a row stamped in the future must not
/// carry the watermark along, which therefore never passes the source's now; and tagging an old run
/// is an update, so a run counts only if it also ended since counting last caught up. Rows that
/// never change have no end.
///
/// All moments are true ones. One thread at a time.
template <class Id>
class RowWatermark {
 public:
  /// Where a page begins: after this row, in the order of (update, id).
  struct Position {
    Moment updated;
    Id id{};
  };

  explicit RowWatermark(Duration overlap) : overlap_(overlap) {}

  bool has_begun() const { return begin_.has_value(); }

  /// Starts counting after `newest`, the last update there is, or after `now` if there is none.
  void Begin(std::optional<Moment> newest, Moment now);

  Position next() const;

  /// Whether a run is to be counted that was updated and ended at these moments (a run that was
  /// cancelled before its start has no end). Says yes once, if MarkCounted() follows.
  bool IsNew(const std::string& run_id, Moment updated, std::optional<Moment> ended) const;
  void MarkCounted(const std::string& run_id, Moment updated);

  /// After a page: `last` is its last row, if it had any; `is_full` says that more may follow.
  void EndPage(std::optional<Position> last, bool is_full, Moment now);

  /// False while a backlog is being read page by page.
  bool caught_up() const { return !cursor_.has_value(); }
  /// Up to when counting has read.
  Moment at() const { return at_; }

  boost::json::object Save() const;
  void Restore(const boost::json::value& saved);

 private:
  void Forget();

  Duration overlap_;
  std::optional<Moment> begin_;  // Where counting once began: older runs never count.
  Moment at_{};
  Moment floor_{};                         // at_ when counting last caught up.
  std::optional<Position> cursor_;         // Where to go on while behind.
  std::map<std::string, Moment> counted_;  // Update by run id.
};

using RunWatermark = RowWatermark<std::int64_t>;  ///< By runs.id.

/// How far a table has been counted whose rows come in the order of their ids, more or less: a
/// sequence gives ids out before the rows are committed, so that 101 can appear after 102. One
/// thread at a time.
class IdWatermark {
 public:
  bool has_begun() const { return begin_.has_value(); }

  /// Starts counting after `newest`, the largest id there is.
  void Begin(std::int64_t newest);

  /// Takes note that `newest` is the largest id. If that is before the watermark, the table was cut
  /// or restored and gives ids out again: those after `newest` count anew, and none of the others
  /// that had been counted, or were too old for it.
  void Check(std::int64_t newest);

  /// A page holds the rows with ids after this one.
  std::int64_t next() const;

  /// Whether a row is to be counted. Says yes once.
  bool Admit(std::int64_t id);

  /// After a page: `last` is its largest id, if it had rows; `is_full` says that more may follow.
  void EndPage(std::optional<std::int64_t> last, bool is_full);

  /// False while a backlog is being read page by page.
  bool caught_up() const { return !cursor_.has_value(); }

  boost::json::object Save() const;
  void Restore(const boost::json::value& saved);

 private:
  std::optional<std::int64_t> begin_;  // Ids up to this one never count.
  std::int64_t at_ = 0;
  std::optional<std::int64_t> cursor_;
  std::set<std::int64_t> counted_;  // Of the ids that are looked at again.
};

}  // namespace tocsin::collectors::dagster
