#include "collectors/prometheus/target_pages.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.h"
#include "collectors/prometheus/flat_series.h"
#include "collectors/prometheus/line.h"

namespace tocsin::collectors {
namespace {

/// Whether the text format 0.0.4, which /metrics speaks, has words for the series.
bool CanBeShown(const Labels& series) {
  return std::all_of(series.begin(), series.end(), [](const Label& label) {
    return label.name.text() == kMetricNameLabel ? IsMetricName(label.value.text())
                                                 : IsClassicLabelName(label.name.text());
  });
}

template <class Value>
std::vector<Value> Slice(const std::vector<Value>& values, std::size_t begin, std::size_t size) {
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(begin);
  return {first, first + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace

/// What is passed on as one family. Its values are in the columns from `begin` on.
struct TargetPages::Family {
  std::string name;
  MetricType type = MetricType::kUnknown;
  std::string help;
  std::vector<Labels> series = {};
  Column begin = 0;
  std::uint64_t arrangement = 0;  ///< The last that has series in it.
  std::uint64_t named = 0;        ///< The last with a line that would go into it.
  std::shared_ptr<const FamilyShape> shape = nullptr;
  std::vector<Labels> shaped = {};  ///< The series of `shape`.

  std::shared_ptr<const FamilyShape> MakeShape(Audience audience) const {
    FamilyShape made;
    made.name = name;
    made.type = type;
    made.help = help;
    made.form = SeriesForm::kFlat;
    made.target_labels = TargetLabels::kIncluded;
    const bool shown = std::all_of(series.begin(), series.end(), CanBeShown);
    made.audience = shown ? audience : Audience::kStore;
    made.series_ends.reserve(series.size());
    for (const Labels& each : series) {
      AppendFlatSeries(each, made.label_values);
      made.series_ends.push_back(static_cast<std::uint32_t>(made.label_values.size()));
    }
    return std::make_shared<const FamilyShape>(std::move(made));
  }
};

TargetPages::TargetPages(Labels target, const ScrapeRules& rules, SeriesClaims& claims)
    : target_(std::move(target)),
      rules_(rules),
      claims_(claims),
      lines_({.line_bytes = rules.line_bytes, .honor_timestamps = rules.honor_timestamps}) {}

TargetPages::~TargetPages() {
  for (const KeptEntry& kept : kept_) claims_.Release(kept.first);
}

Result<TargetPages::Counts> TargetPages::Read(std::string_view page) {
  Begin();
  Take(page);
  return End();
}

Result<TargetPages::Counts> TargetPages::End() {
  const Result<PageLines::Change> change = lines_.End();
  Status done = change ? Status() : Status(change.error());
  if (change && *change == PageLines::Change::kSome) {
    done = Arrange();
  } else {
    counts_.added = 0;
  }
  if (!done) {
    Forget();
    return done.error();
  }
  Counts counts = counts_;
  if (lines_.breaks_off()) ++counts.faults.bad_lines;
  return counts;
}

/// Works out anew what becomes of each line.
Status TargetPages::Arrange() {
  ++arrangement_;
  counts_ = {};
  counts_.faults.first = lines_.first_fault();
  kept_now_ = 0;
  order_.clear();
  for (const SeriesId id : lines_.gone()) fates_[id] = {};
  fates_.resize(lines_.id_count());
  ArrangeComments();
  bool contested = false;
  for (const PageLines::Line& line : lines_.lines()) {
    if (line.kind == PageLines::Kind::kBad) ++counts_.faults.bad_lines;
    if (line.kind != PageLines::Kind::kSample) continue;
    if (Status placed = PlaceSample(line); !placed) return placed;
    contested = contested || fates_[line.series].kind == Fate::Kind::kContested;
  }
  ForgetGone();
  ArrangeFamilies();
  SetColumns();
  if (contested) lines_.ExpectChange();  // The other target may lose what this one waits for.
  return {};
}

/// Reads what the page says about types, and finds the names whose families differ by that.
void TargetPages::ArrangeComments() {
  PageComments comments;
  for (const PageLines::Line& line : lines_.lines()) {
    if (line.kind != PageLines::Kind::kComment) continue;
    std::string_view rest = line.text;
    bool ended = false;
    const CommentLine comment = ReadComment(TakeLine(rest, ended));
    if (comment.kind == CommentLine::Kind::kHelp) {
      comments.AddHelp(comment.name, ToUtf8(comment.text));
    }
    if (comment.kind != CommentLine::Kind::kType) continue;
    if (comments.AddType(comment.name, comment.text) == PageComments::Noted::kUnknownType) {
      ++counts_.faults.unknown_types;
      constexpr std::size_t kShownName = 100;
      if (counts_.faults.first.empty()) {
        counts_.faults.first = "unknown type of " + ToUtf8(comment.name.substr(0, kShownName));
      }
    }
  }
  if (comments == comments_) return;
  comments_ = std::move(comments);
  for (auto& [text, name] : names_) {
    PageComments::Family family = comments_.FamilyOf(text);
    if (family == name.family) continue;
    name.family = std::move(family);
    ++name.version;
  }
}

Status TargetPages::PlaceSample(const PageLines::Line& line) {
  ++counts_.scraped;
  Fate& fate = fates_[line.series];
  const bool is_settled = (fate.kind == Fate::Kind::kKept || fate.kind == Fate::Kind::kDropped) &&
                          fate.version == fate.name->version;
  if (!is_settled) {
    if (Status found = FindFate(line.text, fate); !found) return found;
  }
  fate.name->arrangement = arrangement_;
  if (fate.kind == Fate::Kind::kNameless) CountDropped(DropReason::kName);
  if (fate.kind == Fate::Kind::kContested) CountDropped(DropReason::kDuplicate);
  if (fate.kind != Fate::Kind::kKept) return {};
  fate.family->named = arrangement_;
  if (!Append(fate)) ++counts_.faults.duplicates;
  if (++counts_.kept > rules_.sample_limit && rules_.sample_limit != 0) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("more samples than sample_limit, which is {}", rules_.sample_limit)};
  }
  return {};
}

Status TargetPages::FindFate(std::string_view text, Fate& fate) {
  SeriesText series;
  if (const auto problem = ReadSeries(text, series)) {
    return Error{ErrorCode::kCorrupt, std::string(*problem)};  // PageLines has read it before.
  }
  const auto [name, is_new] = names_.try_emplace(series.name);
  if (is_new) name->second.family = comments_.FamilyOf(series.name);
  fate = {.kind = Fate::Kind::kDropped, .name = &name->second, .version = name->second.version};
  if (fate.name->family.passed_over) return {};
  Result<std::optional<SeriesIdentity>> identity =
      Identify(series, fate.name->family, target_, rules_);
  if (!identity) {
    if (identity.error().code != ErrorCode::kInvalidInput) return identity.error();
    fate.kind = Fate::Kind::kNameless;
    return {};
  }
  if (!*identity) return {};
  if (!claims_.Claim((*identity)->labels, this)) {
    fate.kind = Fate::Kind::kContested;
    return {};
  }
  const auto [kept, is_added] = kept_.try_emplace((*identity)->labels);
  if (is_added) ++counts_.added;
  fate.kind = Fate::Kind::kKept;
  fate.kept = &*kept;
  fate.family = &FamilyOf(**identity, fate.name->family.help);
  return {};
}

TargetPages::Family& TargetPages::FamilyOf(const SeriesIdentity& identity,
                                           const std::string& help) {
  Family& family = families_[{identity.family, identity.type}];
  family.name = identity.family;
  family.type = identity.type;
  if (family.help != help) {
    family.help = help;
    family.shape = nullptr;
  }
  return family;
}

/// Takes the series into its family. False if it is there already.
bool TargetPages::Append(const Fate& fate) {
  Kept& place = fate.kept->second;
  if (place.arrangement == arrangement_) return false;
  Family& family = *fate.family;
  if (family.arrangement != arrangement_) {
    family.arrangement = arrangement_;
    family.series.clear();
    order_.push_back(&family);
  }
  place.arrangement = arrangement_;
  place.family = &family;
  place.index = static_cast<std::uint32_t>(family.series.size());
  family.series.push_back(fate.kept->first);
  ++kept_now_;
  return true;
}

/// Drops what only earlier pages had.
void TargetPages::ForgetGone() {
  if (kept_now_ != kept_.size()) {
    std::erase_if(kept_, [&](const auto& kept) {
      if (kept.second.arrangement == arrangement_) return false;
      claims_.Release(kept.first);
      return true;
    });
  }
  std::erase_if(names_, [&](const auto& name) { return name.second.arrangement != arrangement_; });
  std::erase_if(families_, [&](const auto& family) { return family.second.named != arrangement_; });
}

void TargetPages::ArrangeFamilies() {
  Column begin = 0;
  for (Family* const family : order_) {
    family->begin = begin;
    begin += static_cast<Column>(family->series.size());
    const bool same = family->shape != nullptr && family->series == family->shaped;
    if (same) continue;
    family->shape = family->MakeShape(rules_.audience);
    family->shaped = family->series;
  }
}

void TargetPages::SetColumns() {
  // Those that are not kept have columns, too: the next page may keep them, as they are in this
  // one.
  auto unkept = static_cast<Column>(kept_now_);
  std::vector<Column> columns;
  columns.reserve(lines_.lines().size());
  for (const PageLines::Line& line : lines_.lines()) {
    Column column = 0;  // Does not count if the line is no sample.
    if (line.kind == PageLines::Kind::kSample) {
      const Fate& fate = fates_[line.series];
      const bool is_kept = fate.kind == Fate::Kind::kKept;
      column = is_kept ? fate.kept->second.family->begin + fate.kept->second.index : unkept++;
    }
    columns.push_back(column);
  }
  lines_.SetColumns(columns, unkept);
}

void TargetPages::Pass(MetricSink& points) const {
  for (const Family* const family : order_) PassFamily(*family, points);
}

void TargetPages::PassFamily(const Family& family, MetricSink& points) const {
  const std::size_t size = family.series.size();
  FamilyPoints passed{family.shape, Slice(lines_.values(), family.begin, size)};
  const auto first = lines_.times().begin() + family.begin;
  const auto is_time = [](PageLines::Millis time) { return time != PageLines::kNoTime; };
  if (lines_.has_times() &&
      std::any_of(first, first + static_cast<std::ptrdiff_t>(size), is_time)) {
    passed.times.reserve(size);
    for (const PageLines::Millis time : Slice(lines_.times(), family.begin, size)) {
      passed.times.push_back(is_time(time) ? TimePoint(Duration(time)) : FamilyPoints::kNoTime);
    }
  }
  points.Pass(std::move(passed));
}

void TargetPages::Forget() {
  for (const KeptEntry& kept : kept_) claims_.Release(kept.first);
  lines_.Clear();
  counts_ = {};
  comments_ = {};
  order_.clear();
  fates_.clear();
  kept_.clear();
  families_.clear();
  names_.clear();
}

}  // namespace tocsin::collectors
