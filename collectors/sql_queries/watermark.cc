#include "collectors/sql_queries/watermark.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include <boost/json/array.hpp>

#include "base/number.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::sql_queries {
namespace {

/// Bounds the memory and the file while a long backlog is read. The oldest are forgotten first.
constexpr std::size_t kMostRemembered = 100'000;

std::optional<std::int64_t> WholeNumber(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

bool IsBefore(std::string_view a, std::string_view b) {
  // Ids beyond 2^53 are not exact as floating-point numbers.
  const std::optional<std::int64_t> whole_a = WholeNumber(a);
  const std::optional<std::int64_t> whole_b = WholeNumber(b);
  if (whole_a && whole_b) return *whole_a < *whole_b;
  const std::optional<double> number_a = ParseNumber(a);
  const std::optional<double> number_b = ParseNumber(b);
  if (number_a && number_b && *number_a != *number_b) return *number_a < *number_b;
  // Numbers may have more digits than can be told apart so.
  if (number_a && number_b && a.size() != b.size()) return a.size() < b.size();
  return a < b;
}

void PagedWatermark::Begin(std::string start, SteadyPoint now) {
  at_ = start;
  steps_.assign(1, Step{.at = now, .begin = std::move(start)});
  cursor_.reset();
  pass_began_ = now;
}

const std::string& PagedWatermark::next() const {
  return cursor_ ? *cursor_ : steps_.front().begin;
}

bool PagedWatermark::Admit(const std::string& id) {
  if (overlap_ == Duration(0)) return true;
  const bool is_known = std::any_of(steps_.begin(), steps_.end(),
                                    [&](const Step& step) { return step.ids.contains(id); });
  return !is_known && steps_.back().ids.insert(id).second;
}

void PagedWatermark::EndPage(std::optional<std::string> last, bool is_full, SteadyPoint now) {
  if (caught_up()) pass_began_ = now;
  // Without an overlap a page begins at it, so what that gives is later, in whatever order the
  // database has. With one, rows that were deleted meanwhile must not draw it back: what is before
  // it has been counted.
  if (last && (overlap_ == Duration(0) || IsBefore(at_, *last))) at_ = *last;
  cursor_ = is_full ? std::move(last) : std::nullopt;
  if (overlap_ == Duration(0)) {
    steps_.front().begin = at_;
  } else if (at_ != steps_.back().begin) {
    steps_.push_back({.at = now, .begin = at_});
  }
  if (caught_up()) ForgetOld();
  ForgetTooMany();
}

/// What the pass that has ended did not see was not committed when it began, and so got its place
/// no more than `overlap_` before that.
void PagedWatermark::ForgetOld() {
  while (steps_.size() > 1 && steps_[1].at <= pass_began_ - overlap_) steps_.pop_front();
}

/// But never of rows that the pass may still come upon.
void PagedWatermark::ForgetTooMany() {
  std::size_t count = Remembered();
  while (count > kMostRemembered && steps_.size() > 1 &&
         !(cursor_ && IsBefore(*cursor_, steps_[1].begin))) {
    count -= steps_.front().ids.size();
    steps_.pop_front();
  }
}

bool PagedWatermark::is_stuck() const {
  return steps_.size() == 1 && Remembered() > kMostRemembered;
}

std::size_t PagedWatermark::Remembered() const {
  std::size_t count = 0;
  for (const Step& step : steps_) count += step.ids.size();
  return count;
}

boost::json::object PagedWatermark::Save() const {
  boost::json::array steps;
  for (const Step& step : steps_) {
    boost::json::object saved = {{"begin", step.begin}};
    if (overlap_ != Duration(0)) {
      saved["age"] = (pass_began_ - step.at).count();
      saved["ids"] = boost::json::array(step.ids.begin(), step.ids.end());
    }
    steps.push_back(std::move(saved));
  }
  return {{"at", at_}, {"steps", std::move(steps)}};
}

void PagedWatermark::Restore(const boost::json::value& saved, SteadyPoint now) {
  const boost::json::array steps = ArrayIn(saved, "steps");
  if (steps.empty() || !MemberIn(saved, "at").is_string()) return;
  std::deque<Step> restored;
  for (const boost::json::value& each : steps) {
    Step step{.at = now - Duration(IntegerIn(each, "age").value_or(0)),
              .begin = TextIn(each, "begin")};
    for (const boost::json::value& id : ArrayIn(each, "ids")) {
      if (id.is_string()) step.ids.emplace(std::string_view(id.get_string()));
    }
    restored.push_back(std::move(step));
  }
  at_ = TextIn(saved, "at");
  steps_ = std::move(restored);
  cursor_.reset();
  pass_began_ = now;
  if (overlap_ != Duration(0)) return;
  steps_.assign(1, Step{.at = now, .begin = at_});
}

}  // namespace tocsin::collectors::sql_queries
