// How far the rows of a query have been counted. No I/O.

#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"

namespace tocsin::collectors::sql_queries {

/// Whether `a` stands before `b` in the order of a watermark: by number if both are numbers, else
/// byte by byte, which is the order of ISO 8601 times in one time zone.
bool IsBefore(std::string_view a, std::string_view b);

/// Reads each row once, by a column that grows from row to row: in whatever order the database has
/// or, with an overlap, in that of IsBefore().
///
/// A row gets its place in that order before it is committed, so that it can appear after rows that
/// stand behind it. If rows can be told apart, each pass therefore begins where the watermark was
/// `overlap` before the pass before it, whatever kind of value that is, and the rows that were
/// counted since then are remembered. Times are our own steady clock's, so no clock that is set,
/// here or there, leads it astray.
///
/// A pass is read in pages; one that does not fit into a collection goes on in the next. One thread
/// at a time.
class PagedWatermark {
 public:
  /// With `overlap` 0 nothing is read twice, and rows need no ids.
  explicit PagedWatermark(Duration overlap) : overlap_(overlap) {}

  bool has_begun() const { return !steps_.empty(); }
  /// Counts what comes after `start`.
  void Begin(std::string start, SteadyPoint now);

  /// What the next page comes after.
  const std::string& next() const;

  /// Whether a row is to be counted. Says yes once for each id; always without an overlap.
  bool Admit(const std::string& id);

  /// After a page that was read at `now`: `last` is the watermark of its last row, if it had any;
  /// `is_full` says that more may follow.
  void EndPage(std::optional<std::string> last, bool is_full, SteadyPoint now);

  /// Whether more rows are remembered than there may be, and none of them took the watermark on:
  /// they do not come in the order of IsBefore(). Reading on would only make them more.
  bool is_stuck() const;

  /// False while a pass is being read page by page.
  bool caught_up() const { return !cursor_.has_value(); }

  boost::json::object Save() const;
  /// Takes over what Save() gave, as if its last pass had begun at `now`; ignores what it does
  /// not understand.
  void Restore(const boost::json::value& saved, SteadyPoint now);

 private:
  /// What was counted from a moment on.
  struct Step {
    SteadyPoint at{};
    std::string begin;  ///< The watermark at that moment.
    std::set<std::string> ids = {};
  };

  void ForgetOld();
  void ForgetTooMany();
  std::size_t Remembered() const;

  Duration overlap_;
  std::deque<Step> steps_;  // The last one is being counted.
  std::string at_;
  std::optional<std::string> cursor_;
  SteadyPoint pass_began_{};  // The one that is being read, or the last.
};

}  // namespace tocsin::collectors::sql_queries
