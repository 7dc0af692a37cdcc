// How far a table has been read whose rows are stamped when they are made. No I/O.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "collectors/kailash/iso_time.h"

namespace tocsin::collectors::kailash {

/// How far the rows of a growing table have been seen, each row once.
///
/// Rows are read in the order of (stamp, id), both texts, as the database sorts them. Two things
/// make that order treacherous: a commit can come late, and a writer's clock lag, so every scan
/// begins `overlap` before the watermark and what was seen is remembered by its id; and a row
/// stamped in the future must not carry the watermark along, which therefore never passes the
/// source's now.
///
/// Of more than `most_seen` rows the oldest are forgotten, and whatever is older than the rest is
/// passed over from then on: what was seen could not be told from what came late. One thread at a
/// time.
class ArrivalWatermark {
 public:
  /// A page begins after this row.
  struct Position {
    std::string stamp;
    std::string id;
  };

  /// Bounds the memory while a long backlog is read, or while very much comes.
  static constexpr std::size_t kMostSeen = 100'000;

  explicit ArrivalWatermark(Duration overlap, std::size_t most_seen = kMostSeen)
      : overlap_(overlap), most_seen_(most_seen) {}

  bool has_begun() const { return has_begun_; }

  /// Starts after `newest`, the last stamp there is, but not later than `now`. Without rows there
  /// is no `newest`. The rows that are there already, from `overlap` before that on, are to be
  /// admitted once without being counted, until reading has caught up.
  void Begin(std::optional<Moment> newest, Moment now);

  Position next() const;

  /// Whether a row is new. Says yes once.
  bool Admit(const std::string& id, Moment stamp);

  /// After a page: `last` is its last row, if it had any, and `newest` the last stamp in it that is
  /// a moment; `is_full` says that more may follow.
  void EndPage(std::optional<Position> last, std::optional<Moment> newest, bool is_full,
               Moment now);

  /// False while a backlog is being read page by page.
  bool caught_up() const { return !cursor_.has_value(); }

  boost::json::object Save() const;
  void Restore(const boost::json::value& saved);

 private:
  void Forget();

  Duration overlap_;
  std::size_t most_seen_;
  bool has_begun_ = false;
  std::optional<Moment> at_;            // Up to when rows have been seen; nothing: no row yet.
  std::optional<Moment> floor_;         // at_ when reading last caught up.
  std::optional<Position> cursor_;      // Where to go on while behind.
  std::map<std::string, Moment> seen_;  // Stamp by id.
  std::optional<Moment> forgotten_;     // Of rows before that ids are gone for want of room.
};

}  // namespace tocsin::collectors::kailash
