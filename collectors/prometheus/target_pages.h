// What the pages of one target amount to, one after another.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/metric.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "collectors/prometheus/families.h"
#include "collectors/prometheus/page.h"
#include "collectors/prometheus/page_lines.h"
#include "collectors/prometheus/scrape_rules.h"

namespace tocsin::collectors {

/// Which target has which series, so that two with the same labels do not answer for one series.
/// One thread at a time.
class SeriesClaims {
 public:
  /// Whether the series is, or now becomes, `owner`'s.
  bool Claim(const Labels& series, const void* owner) {
    return owners_.try_emplace(series, owner).first->second == owner;
  }
  void Release(const Labels& series) { owners_.erase(series); }

 private:
  std::unordered_map<Labels, const void*> owners_;
};

/// Reads pages as ParsePage() does (page.h), and makes families of them by the rules of a scrape.
/// While a page has the lines of the one before in their order, nothing is done but what PageLines
/// does; a page that has not is arranged anew, which takes a few steps per line, and only a series
/// that is new, or whose `# TYPE` has changed, is named and relabelled. Families whose series are
/// the same, in the same order, keep their shape.
///
/// One thread at a time.
class TargetPages {
 public:
  /// `target`: the labels that its samples get. What is referred to outlives this.
  TargetPages(Labels target, const ScrapeRules& rules, SeriesClaims& claims);
  ~TargetPages();
  TargetPages(const TargetPages&) = delete;
  TargetPages& operator=(const TargetPages&) = delete;

  /// What a page came to. Samples are counted as Prometheus counts them.
  struct Counts {
    std::size_t scraped = 0;  ///< Samples on the page.
    std::size_t kept = 0;     ///< After relabelling.
    std::size_t added = 0;    ///< Series that the page before did not have.
    PageFaults faults = {};
    DropCounts dropped = {};
  };
  /// A page comes in pieces; see PageLines. One that does not come to its End() counts for nothing,
  /// and what is kept of it goes with the next Begin().
  void Begin() { lines_.Begin(); }
  void Take(std::string_view piece) { lines_.Take(piece); }
  void EndLine() { lines_.EndLine(); }
  /// Fails with kCorrupt if it is no page, with kTooLarge if it exceeds a limit; then everything
  /// is forgotten.
  Result<Counts> End();
  /// The same for a page that is whole.
  Result<Counts> Read(std::string_view page);

  /// Passes on the families of the page that was begun last, whose End() must have succeeded.
  void Pass(MetricSink& points) const;

 private:
  using SeriesId = PageLines::SeriesId;
  using Column = PageLines::Column;

  struct Family;
  /// A series of the store. Several lines of the page may amount to the same one.
  struct Kept {
    Family* family = nullptr;  ///< Where the first of the lines put it.
    std::uint32_t index = 0;   ///< In its family.
    std::uint64_t arrangement = 0;
  };
  using KeptEntry = std::pair<const Labels, Kept>;
  /// A metric name as the page has it, and the family that this is a part of.
  struct Name {
    PageComments::Family family = {};
    std::uint64_t version = 0;  ///< Counts the changes of `family`.
    std::uint64_t arrangement = 0;
  };
  /// What became of a series of the page.
  struct Fate {
    enum class Kind { kUnknown, kKept, kDropped, kNameless, kContested };
    Kind kind = Kind::kUnknown;
    Name* name = nullptr;
    std::uint64_t version = 0;  ///< Of the name, when this was found out.
    KeptEntry* kept = nullptr;
    Family* family = nullptr;  ///< That it goes into if no line before it is the same series.
  };

  Status Arrange();
  void ArrangeComments();
  Status PlaceSample(const PageLines::Line& line);
  Status FindFate(std::string_view text, Fate& fate);
  Family& FamilyOf(const SeriesIdentity& identity, const std::string& help);
  bool Append(const Fate& fate);
  void CountDropped(DropReason reason) { ++counts_.dropped[static_cast<std::size_t>(reason)]; }
  void ForgetGone();
  void ArrangeFamilies();
  void SetColumns();
  void PassFamily(const Family& family, MetricSink& points) const;
  void Forget();

  const Labels target_;
  const ScrapeRules& rules_;
  SeriesClaims& claims_;
  PageLines lines_;
  Counts counts_;

  std::uint64_t arrangement_ = 0;  ///< Counts them.
  PageComments comments_;
  std::map<std::string, Name, std::less<>> names_;
  std::vector<Fate> fates_;  ///< By SeriesId.
  std::unordered_map<Labels, Kept> kept_;
  std::size_t kept_now_ = 0;  ///< Those of them that the page has.
  std::map<std::pair<std::string, MetricType>, Family> families_;
  std::vector<Family*> order_;  ///< The families of the page.
};

}  // namespace tocsin::collectors
