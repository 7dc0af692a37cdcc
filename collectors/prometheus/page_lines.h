// The lines of a page that is read again and again.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "collectors/prometheus/line.h"

namespace tocsin::collectors {

/// Tells the lines of a page apart and reads their values, by comparing it with the page before.
///
/// As long as lines come in the order of the last page, one costs a comparison of text and, if it
/// is a sample, the reading of a number. A line that is missing or elsewhere costs a look-up by its
/// text; only one that was not there before is taken apart.
///
/// A page may come in pieces. Of one that has the lines of the last, no more is kept than the line
/// that a piece breaks off in; from the first other line on, the page is kept until its end. So is
/// it from the first time on that a line has, since the end of the page says what that counts in.
///
/// One thread at a time.
class PageLines {
 public:
  struct Settings {
    std::size_t line_bytes = std::size_t{64} << 10;  ///< Of a series, and of what follows it.
    bool honor_timestamps = true;
  };
  explicit PageLines(Settings settings) : settings_(settings) {}

  /// A series as the page writes it. Small numbers, which are used again once they are gone().
  using SeriesId = std::uint32_t;
  using Column = std::uint32_t;
  using Millis = std::int64_t;
  static constexpr Millis kNoTime = std::numeric_limits<Millis>::min();

  enum class Kind : std::uint8_t { kSample, kComment, kBad };
  struct Line {
    std::string_view text;  ///< Of samples, all before the value; of others, all of the line.
    SeriesId series = 0;    ///< Of samples.
    Kind kind = Kind::kComment;
  };

  /// Begins a page. One that has been begun but not ended counts for nothing, and what is kept of
  /// it is freed; values() and times() are anything until the next End().
  void Begin();
  /// The next piece of the page. What it refers to need not stay.
  void Take(std::string_view piece);
  /// Ends the last line, if it is not: nothing was cut off.
  void EndLine();

  enum class Change { kNone, kSome };
  /// The page has come to its end. kSome means that its lines are not those of the last one in
  /// their order, and that SetColumns() must be called. Fails with kCorrupt if the first line that
  /// is not blank is neither a comment nor a sample, with kTooLarge if there are too many lines;
  /// then everything is forgotten.
  Result<Change> End();
  /// Has the next End() answer kSome in any case.
  void ExpectChange() { expects_change_ = true; }

  /// In the order of the page. Valid until the next End().
  const std::vector<Line>& lines() const { return lines_; }
  /// All ids are below this.
  std::size_t id_count() const { return id_count_; }
  /// After kSome: the series of the last page that this one does not have.
  const std::vector<SeriesId>& gone() const { return gone_; }
  /// After kSome: where the value of each sample goes, in the order of lines(); those of other
  /// lines do not count. The last of several values of one column wins. Columns are below `count`.
  void SetColumns(std::span<const Column> of_lines, std::size_t count);

  /// By column.
  const std::vector<double>& values() const { return values_; }
  bool has_times() const { return has_times_; }
  /// By column; kNoTime where the page has none. Of use if has_times().
  const std::vector<Millis>& times() const { return times_; }
  /// Whether the page breaks off in a line, which is then not among lines().
  bool breaks_off() const { return breaks_off_; }
  /// What is wrong with the first bad line that was new, with its number; empty if there is none.
  const std::string& first_fault() const { return first_fault_; }

  void Clear();

 private:
  static constexpr Column kNoColumn = std::numeric_limits<Column>::max();
  /// What following along needs of a line.
  struct Step {
    std::uint32_t size;  ///< Of its text.
    Column column;       ///< kNoColumn if it has no value.
  };
  struct Series {
    SeriesId id = 0;
    std::size_t at = 0;      ///< Its line on the last page.
    std::uint64_t page = 0;  ///< The last that had it.
  };
  struct NewLine {
    Line line = {};
    Series* series = nullptr;  ///< Of samples.
    double value = 0;
    Millis time = kNoTime;
  };
  struct TextHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's name.
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  void FollowOrKeep(std::string_view text);
  std::size_t Follow(std::string_view lines);
  TimeUnit FindUnit(std::string_view rest) const;
  const char* ReadLongNumber(const char* text, const char* end, Column column);
  const char* ReadTail(const char* text, const char* end, Column column);
  void Diverge();
  void ReadOn(std::string_view rest);
  bool Resume(std::string_view& rest);
  bool ReadSample(std::string_view line);
  bool AddSample(Series& series, std::string_view text, std::string_view tail);
  std::optional<SampleValue> ReadTailText(std::string_view tail) const;
  Status CheckBeginning(std::string_view unfinished) const;
  void Adopt();
  void AdoptTexts();
  void ForgetGone();
  void NoteFault(std::string_view what);
  SeriesId TakeId();

  Settings settings_;
  std::string expected_;  ///< The texts of all lines, one after another.
  std::vector<Step> steps_;
  std::size_t followed_ = 0;     ///< So many lines of the page have been those of the last,
  std::size_t followed_to_ = 0;  ///< up to here in `expected_`.
  bool follows_ = true;          ///< As it comes in.
  /// What has come after the lines that were followed. While the page is followed, that is the
  /// beginning of a line.
  std::string unread_;
  std::optional<TimeUnit> unit_;  ///< Of times. Nothing before the end of the page.
  std::vector<Line> lines_;
  std::vector<Series*> series_of_lines_;  ///< Null for what is no sample.
  std::vector<double> values_;
  std::vector<Millis> times_;
  bool has_times_ = false;
  bool breaks_off_ = false;
  bool expects_change_ = false;
  std::string first_fault_;

  std::uint64_t page_ = 0;  ///< Counts the pages that were not like the last one.
  std::vector<NewLine> new_lines_;
  std::size_t next_ = 0;  ///< The line of the last page that is expected now.
  std::unordered_map<std::string, Series, TextHash, std::equal_to<>> series_;
  std::size_t id_count_ = 0;
  std::vector<SeriesId> free_ids_;
  std::vector<SeriesId> gone_;
};

}  // namespace tocsin::collectors
