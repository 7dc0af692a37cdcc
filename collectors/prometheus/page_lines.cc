#include "collectors/prometheus/page_lines.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "collectors/prometheus/plain_number.h"

namespace tocsin::collectors {
namespace {

/// A page with more lines is no page of metrics, or one that nobody can want.
constexpr std::size_t kMostLines = 2'000'000;

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

/// Whether the line is neither a sample nor meant to be one.
bool IsCommentOrBlank(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos || line[first] == '#';
}

/// How long the series at the start of a sample line is with the blanks behind it, judged by its
/// braces and quotes alone: enough to recognise one that was read before.
std::size_t SeriesSize(std::string_view line) {
  std::size_t at = std::min(line.find_first_not_of(" \t"), line.size());
  while (at < line.size() && !IsBlank(line[at]) && line[at] != '{') ++at;
  while (at < line.size() && IsBlank(line[at])) ++at;
  if (at < line.size() && line[at] == '{') {
    bool quoted = false;
    for (++at; at < line.size() && (quoted || line[at] != '}'); ++at) {
      if (line[at] == '"') quoted = !quoted;
      if (line[at] == '\\' && quoted) ++at;
    }
    ++at;
  }
  while (at < line.size() && IsBlank(line[at])) ++at;
  return std::min(at, line.size());
}

}  // namespace

void PageLines::Begin() {
  followed_ = followed_to_ = 0;
  follows_ = true;
  unread_ = std::string();  // Frees it, as assigning {} would not.
  unit_.reset();
  if (std::exchange(has_times_, false)) std::fill(times_.begin(), times_.end(), kNoTime);
}

void PageLines::Take(std::string_view piece) {
  if (follows_ && !unread_.empty()) {
    const std::size_t feed = piece.find('\n');
    const bool ends = feed != std::string_view::npos;
    const std::string_view rest_of_line = ends ? piece.substr(0, feed + 1) : piece;
    unread_ += rest_of_line;
    if (!ends) return;
    piece.remove_prefix(rest_of_line.size());
    FollowOrKeep(std::exchange(unread_, {}));
  }
  FollowOrKeep(piece);
}

void PageLines::EndLine() {
  if (!unread_.empty() && unread_.back() != '\n') Take("\n");
}

Result<PageLines::Change> PageLines::End() {
  const std::string unread = std::exchange(unread_, {});
  unit_ = FindUnit(unread);
  first_fault_.clear();
  gone_.clear();
  std::string_view rest = std::string_view(unread).substr(0, unread.rfind('\n') + 1);
  const std::string_view unfinished = std::string_view(unread).substr(rest.size());
  breaks_off_ = !IsCommentOrBlank(unfinished);
  rest.remove_prefix(Follow(rest));
  const bool same = followed_ == steps_.size() && rest.empty() && followed_ > 0 && !breaks_off_;
  if (same && !expects_change_) return Change::kNone;
  expects_change_ = false;
  Diverge();
  ReadOn(rest);
  if (breaks_off_) NoteFault("expected a line feed at the end of the page");
  Status good = CheckBeginning(unfinished);
  if (new_lines_.size() > kMostLines) {
    good = Error{ErrorCode::kTooLarge, fmt::format("more than {} lines", kMostLines)};
  }
  if (!good) {
    Clear();
    return good.error();
  }
  Adopt();
  return Change::kSome;
}

/// Reads what begins with a line as far as it can be read before the page is whole.
void PageLines::FollowOrKeep(std::string_view text) {
  if (follows_) {
    const std::string_view lines = text.substr(0, text.rfind('\n') + 1);
    const std::size_t followed = Follow(lines);
    follows_ = followed == lines.size();
    text.remove_prefix(followed);
  }
  unread_ += text;
}

/// Reads `lines`, of which each ends in a line feed, as long as they are those of the last page, in
/// its order; answers how many bytes that were. There is no line feed in the text before a value:
/// so if that text is there, something follows it.
std::size_t PageLines::Follow(std::string_view lines) {
  const char* at = lines.data();
  const char* const end = at + lines.size();
  const char* expected = expected_.data() + followed_to_;
  std::size_t i = followed_;
  for (; i < steps_.size(); ++i) {
    const Step step = steps_[i];
    if (static_cast<std::size_t>(end - at) < step.size ||
        std::memcmp(at, expected, step.size) != 0) {
      break;
    }
    const char* after = at + step.size;
    if (step.column != kNoColumn) {
      const char* const tail = after;
      double value = 0;
      after = ReadPlainNumber(tail, value);
      if (after != nullptr && *after == '\n') {
        values_[step.column] = value;
        if (has_times_) times_[step.column] = kNoTime;  // It may be of a line before.
      } else {
        after = ReadTail(tail, end, step.column);
        if (after == nullptr) break;
      }
      ++after;
    }
    at = after;
    expected += step.size;
  }
  followed_ = i;
  followed_to_ = static_cast<std::size_t>(expected - expected_.data());
  return static_cast<std::size_t>(at - lines.data());
}

/// The unit of the page that ends in `rest`. Blank lines behind its last one do not count.
TimeUnit PageLines::FindUnit(std::string_view rest) const {
  for (std::size_t i = followed_; i > 0; --i) {
    if (rest.find_first_not_of("\r\n") != std::string_view::npos) break;
    rest = lines_[i - 1].text;
  }
  return TimeUnitOf(rest);
}

/// Reads a number that is alone but not plain, such as one with 17 digits. Answers where the line
/// feed is, or null if it is something else.
const char* PageLines::ReadLongNumber(const char* text, const char* end, Column column) {
  if (*text < '0' || *text > '9') return nullptr;  // Words and signs are not worth it.
  end = text + std::min(static_cast<std::size_t>(end - text), settings_.line_bytes);
  double value = 0;
  const auto [after, problem] = std::from_chars(text, end, value);
  if (problem != std::errc{} || after == end || *after != '\n') return nullptr;
  values_[column] = value;
  if (has_times_) times_[column] = kNoTime;  // It may be of a line before.
  return after;
}

/// Reads what follows a series if that is not just a plain number. Answers where the line feed is,
/// or null if it makes no sense.
const char* PageLines::ReadTail(const char* text, const char* end, Column column) {
  if (const char* const after = ReadLongNumber(text, end, column); after != nullptr) return after;
  const auto* const feed =
      static_cast<const char*>(std::memchr(text, '\n', static_cast<std::size_t>(end - text)));
  std::string_view tail(text, static_cast<std::size_t>(feed - text));
  if (tail.ends_with('\r')) tail.remove_suffix(1);
  const std::optional<SampleValue> value = ReadTailText(tail);
  if (!value) return nullptr;
  values_[column] = value->value;
  times_[column] = value->timestamp_ms.value_or(kNoTime);
  has_times_ = has_times_ || value->timestamp_ms;
  return feed;
}

std::optional<SampleValue> PageLines::ReadTailText(std::string_view tail) const {
  if (tail.size() > settings_.line_bytes) return std::nullopt;
  std::optional<SampleValue> value = ReadValue(tail, unit_.value_or(TimeUnit::kMilliseconds));
  if (value && value->timestamp_ms && !unit_) return std::nullopt;
  if (value && !settings_.honor_timestamps) value->timestamp_ms.reset();
  return value;
}

/// The page is not like the last one: what has been followed so far is its beginning.
void PageLines::Diverge() {
  ++page_;
  new_lines_.clear();
  new_lines_.reserve(lines_.size());
  for (std::size_t i = 0; i < followed_; ++i) {
    NewLine& line =
        new_lines_.emplace_back(NewLine{.line = lines_[i], .series = series_of_lines_[i]});
    if (steps_[i].column == kNoColumn) continue;
    line.value = values_[steps_[i].column];
    line.time = times_[steps_[i].column];
  }
  next_ = followed_;
}

/// Reads the rest of a page, in which each line ends in a line feed, taking up the order of the
/// last one wherever it can.
void PageLines::ReadOn(std::string_view rest) {
  while (!rest.empty() && new_lines_.size() <= kMostLines) {
    if (Resume(rest)) continue;
    bool ended = false;
    const std::string_view before = rest;
    const std::string_view line = TakeLine(rest, ended);
    const std::string_view text = before.substr(0, before.size() - rest.size());
    if (IsCommentOrBlank(line)) {
      new_lines_.push_back({.line = {.text = text, .kind = Kind::kComment}});
    } else if (!ReadSample(line)) {
      new_lines_.push_back({.line = {.text = text, .kind = Kind::kBad}});
    }
  }
}

/// Takes the line that the last page has at this point off the front of `rest`, if it is there.
bool PageLines::Resume(std::string_view& rest) {
  if (next_ >= lines_.size() || !rest.starts_with(lines_[next_].text)) return false;
  const Line& line = lines_[next_];
  std::string_view after = rest.substr(line.text.size());
  NewLine again{.line = line, .series = series_of_lines_[next_]};
  if (line.kind == Kind::kSample) {
    bool ended = false;
    const std::optional<SampleValue> value = ReadTailText(TakeLine(after, ended));
    if (!value) return false;
    again.value = value->value;
    again.time = value->timestamp_ms.value_or(kNoTime);
  }
  new_lines_.push_back(again);
  rest = after;
  ++next_;
  return true;
}

/// Reads a sample that stands elsewhere than on the last page, or is new. False if it is no sample.
bool PageLines::ReadSample(std::string_view line) {
  const std::size_t size = SeriesSize(line);
  const auto known = series_.find(line.substr(0, size));
  if (known != series_.end()) {
    if (!AddSample(known->second, known->first, line.substr(size))) return false;
    next_ = known->second.at + 1;
    return true;
  }
  SeriesText series;
  const auto problem = ReadSeries(line, series);
  if (problem || series.size > settings_.line_bytes) {
    NoteFault(problem.value_or("expected a shorter line"));
    return false;
  }
  if (!ReadTailText(line.substr(series.size))) {
    NoteFault("expected a number and perhaps a time");
    return false;
  }
  const auto [place, is_new] = series_.try_emplace(std::string(line.substr(0, series.size)));
  // If it comes again, the order of the last page goes on as if nothing had been.
  if (is_new) place->second = {.id = TakeId(), .at = next_ - 1};
  return AddSample(place->second, place->first, line.substr(series.size));
}

/// `text` is the one that the series is known by, which stays.
bool PageLines::AddSample(Series& series, std::string_view text, std::string_view tail) {
  const std::optional<SampleValue> value = ReadTailText(tail);
  if (!value) {
    NoteFault("expected a number and perhaps a time");
    return false;
  }
  new_lines_.push_back({.line = {.text = text, .series = series.id, .kind = Kind::kSample},
                        .series = &series,
                        .value = value->value,
                        .time = value->timestamp_ms.value_or(kNoTime)});
  return true;
}

PageLines::SeriesId PageLines::TakeId() {
  if (free_ids_.empty()) return static_cast<SeriesId>(id_count_++);
  const SeriesId id = free_ids_.back();
  free_ids_.pop_back();
  return id;
}

void PageLines::NoteFault(std::string_view what) {
  if (!first_fault_.empty()) return;
  first_fault_ = fmt::format("line {}: {}", new_lines_.size() + 1, what);
}

Status PageLines::CheckBeginning(std::string_view unfinished) const {
  const auto first = std::find_if(new_lines_.begin(), new_lines_.end(), [](const NewLine& line) {
    return line.line.text.find_first_not_of(" \t\r\n") != std::string_view::npos;
  });
  const bool good =
      first == new_lines_.end() ? IsCommentOrBlank(unfinished) : first->line.kind != Kind::kBad;
  if (good) return {};
  return Error{ErrorCode::kCorrupt, "expected a page of metrics: " + first_fault_};
}

/// Makes the new lines those that the next page is compared with.
void PageLines::Adopt() {
  AdoptTexts();
  std::size_t known = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    Series* const series = series_of_lines_[i];
    if (series == nullptr) continue;
    if (series->page != page_) ++known;
    series->page = page_;
    series->at = i;
  }
  if (known != series_.size()) ForgetGone();
}

void PageLines::AdoptTexts() {
  std::size_t size = 0;
  for (const NewLine& line : new_lines_) size += line.line.text.size();
  std::string texts;
  texts.reserve(size);
  for (const NewLine& line : new_lines_) texts += line.line.text;  // Some are in `expected_`.
  expected_ = std::move(texts);
  std::string_view rest = expected_;
  lines_.clear();
  lines_.reserve(new_lines_.size());
  series_of_lines_.clear();
  series_of_lines_.reserve(new_lines_.size());
  for (const NewLine& line : new_lines_) {
    lines_.push_back(line.line);
    lines_.back().text = rest.substr(0, line.line.text.size());
    series_of_lines_.push_back(line.series);
    rest.remove_prefix(line.line.text.size());
  }
}

void PageLines::ForgetGone() {
  std::erase_if(series_, [&](const auto& entry) {
    if (entry.second.page == page_) return false;
    gone_.push_back(entry.second.id);
    return true;
  });
  free_ids_.insert(free_ids_.end(), gone_.begin(), gone_.end());
}

void PageLines::SetColumns(std::span<const Column> of_lines, std::size_t count) {
  assert(of_lines.size() == lines_.size() && new_lines_.size() == lines_.size());
  values_.assign(count, 0);
  times_.assign(count, kNoTime);
  steps_.clear();
  steps_.reserve(lines_.size());
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const bool is_sample = lines_[i].kind == Kind::kSample;
    const Column column = is_sample ? of_lines[i] : kNoColumn;
    steps_.push_back({static_cast<std::uint32_t>(lines_[i].text.size()), column});
    if (!is_sample) continue;
    values_[column] = new_lines_[i].value;
    times_[column] = new_lines_[i].time;
    has_times_ = has_times_ || new_lines_[i].time != kNoTime;
  }
  new_lines_ = std::vector<NewLine>();
}

void PageLines::Clear() {
  *this = PageLines(settings_);
}

}  // namespace tocsin::collectors
