#include "collectors/prometheus/target_pages.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/yaml.h"
#include "tests/collectors/prometheus/snapshot_text.h"

namespace tocsin::collectors {
namespace {

RelabelRules Rules(const std::string& yaml) {
  Diagnostics diagnostics("test.yaml");
  const auto node = ParseYaml("rules: " + yaml, diagnostics);
  BOOST_REQUIRE(node);
  RelabelRules rules;
  {
    YamlMap map(*node, diagnostics);
    rules = ReadRelabelRules(map, "rules");
  }
  BOOST_TEST_REQUIRE(diagnostics.empty(), diagnostics.Text());
  return rules;
}

struct Fixture {
  ScrapeRules rules;
  SeriesClaims claims;
  TargetPages pages{{{"job", "j"}}, rules, claims};
  TargetPages::Counts counts;
  std::shared_ptr<const Snapshot> last;

  /// The page as it is passed on; "failed: ..." if it is refused.
  static std::string Read(TargetPages& from, const std::string& page, TargetPages::Counts& counts,
                          std::shared_ptr<const Snapshot>& snapshot) {
    return Passed(from, from.Read(page), counts, snapshot);
  }
  static std::string Passed(const TargetPages& from, const Result<TargetPages::Counts>& read,
                            TargetPages::Counts& counts,
                            std::shared_ptr<const Snapshot>& snapshot) {
    if (!read) return "failed: " + read.error().message;
    counts = *read;
    MetricSink sink({}, nullptr);
    from.Pass(sink);
    snapshot = sink.Finish(TimePoint());
    return TextOf(*snapshot);
  }
  std::string Read(const std::string& page) { return Read(pages, page, counts, last); }
};

void TakeInPieces(TargetPages& pages, std::string_view text, std::minstd_rand& random) {
  const std::size_t most = 1 + random() % 50;
  while (!text.empty()) {
    const std::string piece(text.substr(0, random() % (most + 1)));  // Gone once it is taken.
    pages.Take(piece);
    text.remove_prefix(piece.size());
  }
}

/// Lines of all kinds, good and bad.
std::vector<std::string> SomeLines() {
  std::vector<std::string> lines = {"# HELP h Help.",
                                    "# TYPE h histogram",
                                    "# TYPE c counter",
                                    "# TYPE s summary",
                                    "# TYPE x timer",
                                    "# TYPE h gauge",
                                    "",
                                    "# EOF",
                                    "x{broken",
                                    "x 1 2 3",
                                    "c_created 5",
                                    "h 3",
                                    "y{a=\"\"} 1",
                                    "{\"u.v\"} 1",
                                    "y{b=\"2\",a=\"1\"} 1",
                                    "y{a=\"1\",b=\"2\"} 1",
                                    "y{a=\"1\",b=\"2\"}1",
                                    " y 4",
                                    "y  4",
                                    "y\t4"};
  for (const char* const bound : {"0.1", "1", "+Inf"}) {
    lines.push_back(std::string("h_bucket{le=\"") + bound + "\"} 7");
  }
  for (const char* const rest : {"h_sum 1.5", "h_count 7", "c_total 9", "s_sum 1", "s_count 2",
                                 "s{quantile=\"0.5\"} 1", "y 4", "y{a=\"}\"} 2"}) {
    lines.emplace_back(rest);
  }
  return lines;
}

/// The line with another value, if it looks like a sample.
std::string WithAnotherValue(const std::string& line, std::minstd_rand& random) {
  constexpr const char* kValues[] = {"0",
                                     "12",
                                     "-7.25",
                                     "NaN",
                                     "+Inf",
                                     "1e300",
                                     "0.1",
                                     "x",
                                     "5 123",
                                     "6 1.5",
                                     "7 #",
                                     "",
                                     "123456789012345678",
                                     "9007199254740993",
                                     "3\r",
                                     "4 "};
  const std::size_t blank = line.rfind(' ');
  if (line.starts_with('#') || blank == std::string::npos) return line;
  return line.substr(0, blank + 1) + kValues[random() % std::size(kValues)];
}

void Mutate(std::vector<std::string>& lines, std::minstd_rand& random) {
  const auto some = [&] { return random() % std::max<std::size_t>(lines.size(), 1); };
  const std::vector<std::string> all = SomeLines();
  switch (random() % 6) {
    case 0:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(some()), all[random() % all.size()]);
      break;
    case 1:
      if (!lines.empty()) lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(some()));
      break;
    case 2:
      if (!lines.empty()) std::swap(lines[some()], lines[some()]);
      break;
    case 3:
      if (!lines.empty())
        std::rotate(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(some()),
                    lines.end());
      break;
    default:
      for (std::string& line : lines) {
        if (random() % 3 == 0) line = WithAnotherValue(line, random);
      }
  }
}

std::string PageOf(const std::vector<std::string>& lines, std::minstd_rand& random) {
  std::string page;
  for (const std::string& line : lines) page += line + "\n";
  if (random() % 10 == 0 && !page.empty()) page.pop_back();
  return page;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(target_pages_test, Fixture)

BOOST_AUTO_TEST_CASE(SamplesGetTheLabelsOfTheirTarget) {
  BOOST_TEST(Read("# TYPE a gauge\na{job=\"x\",b=\"c\"} 1\n") ==
             "a gauge: a{b=c}{exported_job=x}{job=j}=1\n");
  BOOST_TEST((last->families[0].shape->target_labels == TargetLabels::kIncluded));
  BOOST_TEST((last->families[0].shape->audience == Audience::kStore));
}

BOOST_AUTO_TEST_CASE(HonorLabelsLeavesThoseOfThePage) {
  rules.honor_labels = true;
  BOOST_TEST(Read("a{job=\"x\"} 1\na 2\na{job=\"\",b=\"c\"} 3\n") ==
             "a unknown: a{job=x}=1 a{job=j}=2 a{b=c}=3\n");
}

BOOST_AUTO_TEST_CASE(BoundsAndQuantilesAreCanonical) {
  BOOST_TEST(Read("# TYPE h histogram\nh_bucket{le=\"1\"} 1\n# TYPE s summary\n"
                  "s{quantile=\"1\"} 1\ns_sum{le=\"1\"} 1\ng{le=\"1\"} 1\n") ==
             "h histogram: h_bucket{job=j}{le=1.0}=1\n"
             "s summary: s{job=j}{quantile=1.0}=1 s_sum{job=j}{le=1}=1\n"
             "g unknown: g{job=j}{le=1}=1\n");
}

BOOST_AUTO_TEST_CASE(FamiliesAreRenamedAndSeriesRelabelled) {
  rules.rename = {{"h", "wait"}, {"old", "new"}};
  rules.metric_relabel_configs = Rules(R"([
      {source_labels: [__name__], regex: dropped.*, action: drop},
      {source_labels: [__name__, a], regex: new;(.+), target_label: __name__, replacement: $1},
      {regex: b, action: labeldrop}])");
  BOOST_TEST(Read("# TYPE h histogram\nh_count 1\n# TYPE old gauge\nold 2\nold{a=\"moved\"} 3\n"
                  "dropped_x 4\nc{b=\"1\"} 5\n") ==
             "wait histogram: wait_count{job=j}=1\nnew gauge: new{job=j}=2\n"
             "moved gauge: moved{a=moved}{job=j}=3\nc unknown: c{job=j}=5\n");
  BOOST_TEST(counts.scraped == 5U);
  BOOST_TEST(counts.kept == 4U);
}

BOOST_AUTO_TEST_CASE(SeriesThatLoseTheirNameAreCounted) {
  rules.metric_relabel_configs = Rules("[{regex: __name__, action: labeldrop}]");
  BOOST_TEST(Read("a 1\n").empty());
  BOOST_TEST(counts.dropped[static_cast<std::size_t>(DropReason::kName)] == 1U);
}

BOOST_AUTO_TEST_CASE(AnUnchangedPageKeepsItsShapes) {
  Read("# TYPE a gauge\na{b=\"1\"} 1\na{b=\"2\"} 2\nc 3\n");
  const auto before = last;
  BOOST_TEST(counts.added == 3U);
  BOOST_TEST(Read("# TYPE a gauge\na{b=\"1\"} 10\na{b=\"2\"} 0\nc -3\n") ==
             "a gauge: a{b=1}{job=j}=10 a{b=2}{job=j}=0\nc unknown: c{job=j}=-3\n");
  BOOST_TEST(counts.added == 0U);
  BOOST_TEST((last->families[0].shape == before->families[0].shape));
  BOOST_TEST((last->families[1].shape == before->families[1].shape));
}

BOOST_AUTO_TEST_CASE(AChangeCostsTheShapeOfItsFamilyOnly) {
  Read("a{b=\"1\"} 1\na{b=\"2\"} 2\nc 3\n");
  const auto before = last;
  Read("a{b=\"2\"} 5\na{b=\"3\"} 6\nc 7\nd 8\n");
  BOOST_TEST(counts.added == 2U);
  BOOST_TEST((last->families[0].shape != before->families[0].shape));
  BOOST_TEST((last->families[1].shape == before->families[1].shape));
}

BOOST_AUTO_TEST_CASE(ALineOfAnotherTypeChangesItsFamily) {
  Read("# TYPE a gauge\na 1\na_sum 2\n");
  BOOST_TEST(Read("# TYPE a summary\na 1\na_sum 2\n") == "a summary: a{job=j}=1 a_sum{job=j}=2\n");
  BOOST_TEST(Read("a 1\na_sum 2\n") == "a unknown: a{job=j}=1\na_sum unknown: a_sum{job=j}=2\n");
}

BOOST_AUTO_TEST_CASE(LinesThatBecomeOneSeriesAreOfTheFamilyOfTheFirst) {
  rules.rename = {{"a", "c"}, {"b", "c"}};
  const std::string types = "# TYPE a counter\n# TYPE b gauge\nx 7\n";
  const struct {
    std::string lines;
    std::string series;
    std::size_t duplicates;
  } rows[] = {
      {"a 1\nb 2\n", "c counter: c{job=j}=2\n", 1},
      {"a 3\nb 4\n", "c counter: c{job=j}=4\n", 1},
      {"b 1\na 2\n", "c gauge: c{job=j}=2\n", 1},
      {"a 1\nb 2\n", "c counter: c{job=j}=2\n", 1},
      {"b 1\n", "c gauge: c{job=j}=1\n", 0},
      {"a 1\nb 2\n", "c counter: c{job=j}=2\n", 1},
      {"a 1\nb 2\nb{d=\"e\"} 3\n", "c counter: c{job=j}=2\nc gauge: c{d=e}{job=j}=3\n", 1},
      {"a 1\n", "c counter: c{job=j}=1\n", 0},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.lines) {
      BOOST_TEST(Read(types + row.lines) == "x unknown: x{job=j}=7\n" + row.series);
      BOOST_TEST(counts.faults.duplicates == row.duplicates);
    }
  }
}

BOOST_AUTO_TEST_CASE(TimesAreHonoredUnlessTheyAreNot) {
  BOOST_TEST(Read("a 1 1500\nb 2\n") == "a unknown: a{job=j}=1@1500\nb unknown: b{job=j}=2\n");
  BOOST_TEST(Read("a 1 1600\nb 2\n") == "a unknown: a{job=j}=1@1600\nb unknown: b{job=j}=2\n");
  BOOST_TEST(Read("a 1\nb 2\n") == "a unknown: a{job=j}=1\nb unknown: b{job=j}=2\n");
  rules.honor_timestamps = false;
  TargetPages without({{"job", "k"}}, rules, claims);
  BOOST_TEST(Read(without, "a 1 1500\n", counts, last) == "a unknown: a{job=k}=1\n");
}

BOOST_AUTO_TEST_CASE(LimitsFailThePage) {
  rules.sample_limit = 2;
  BOOST_TEST(Read("a 1\nb 2\nc 3\n").starts_with("failed: more samples than sample_limit"));
  BOOST_TEST(Read("a 1\nb 2\n") == "a unknown: a{job=j}=1\nb unknown: b{job=j}=2\n");
  rules.label_limit = 3;
  BOOST_TEST(Read("a{x=\"1\"} 1\n").find("failed") == std::string::npos);
  BOOST_TEST(Read("a{x=\"1\",y=\"2\"} 1\n").starts_with("failed: a series has 4 labels"));
  rules.label_name_length_limit = 8;
  BOOST_TEST(Read("a{long_name=\"1\"} 1\n").starts_with("failed: a label's name"));
  rules.label_value_length_limit = 3;
  BOOST_TEST(Read("a{x=\"1234\"} 1\n").starts_with("failed: a label's value"));
}

BOOST_AUTO_TEST_CASE(WhatTheFormatCannotNameIsForTheStoreOnly) {
  rules.audience = Audience::kEverybody;
  Read("a 1\n{\"b.c\"} 2\nd{\"e.f\"=\"g\"} 3\n");
  BOOST_REQUIRE_EQUAL(last->families.size(), 3U);
  BOOST_TEST((last->families[0].shape->audience == Audience::kEverybody));
  BOOST_TEST((last->families[1].shape->audience == Audience::kStore));
  BOOST_TEST((last->families[2].shape->audience == Audience::kStore));
}

BOOST_AUTO_TEST_CASE(ASeriesBelongsToOneTargetAtATime) {
  rules.honor_labels = true;
  const std::string page = "a{job=\"x\"} 1\nb{job=\"x\"} 2\n";
  const std::string all = "a unknown: a{job=x}=1\nb unknown: b{job=x}=2\n";
  BOOST_TEST(Read(page) == all);
  {
    std::shared_ptr<const Snapshot> other;
    TargetPages second({{"job", "k"}}, rules, claims);
    BOOST_TEST(Read(second, page, counts, other).empty());
    BOOST_TEST(counts.dropped[static_cast<std::size_t>(DropReason::kDuplicate)] == 2U);
    BOOST_TEST(Read("b 1\n") == "b unknown: b{job=j}=1\n");
    // What was not kept of a page is what it was, once it is.
    BOOST_TEST(Read(second, page, counts, other) == all);
  }
  BOOST_TEST(Read(page) == all);
}

BOOST_AUTO_TEST_CASE(WhatWasReadBeforeDoesNotShow) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::minstd_rand random(seed);
    std::vector<std::string> lines = SomeLines();
    std::shuffle(lines.begin(), lines.end(), random);
    lines.resize(1 + random() % lines.size());
    TargetPages remembers({{"job", "j"}}, rules, claims);
    for (int round = 0; round < 12; ++round) {
      const std::string page = PageOf(lines, random);
      SeriesClaims no_claims;
      TargetPages fresh({{"job", "j"}}, rules, no_claims);
      TargetPages::Counts expected_counts;
      std::shared_ptr<const Snapshot> snapshot;
      const std::string expected = Read(fresh, page, expected_counts, snapshot);
      const std::string read = Read(remembers, page, counts, snapshot);
      BOOST_TEST_CONTEXT("seed " << seed << " round " << round << "\n" << page) {
        BOOST_TEST_REQUIRE(read == expected);
        if (read.starts_with("failed")) continue;
        BOOST_TEST(counts.scraped == expected_counts.scraped);
        BOOST_TEST(counts.kept == expected_counts.kept);
        BOOST_TEST(counts.faults.bad_lines == expected_counts.faults.bad_lines);
        BOOST_TEST(counts.faults.unknown_types == expected_counts.faults.unknown_types);
        BOOST_TEST(counts.faults.duplicates == expected_counts.faults.duplicates);
      }
      Mutate(lines, random);
    }
  }
}

BOOST_AUTO_TEST_CASE(APageMayComeInPieces) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::minstd_rand random(seed);
    std::vector<std::string> lines = SomeLines();
    std::shuffle(lines.begin(), lines.end(), random);
    lines.resize(1 + random() % lines.size());
    SeriesClaims other_claims;
    TargetPages whole({{"job", "j"}}, rules, claims);
    TargetPages pieces({{"job", "j"}}, rules, other_claims);
    for (int round = 0; round < 12; ++round) {
      if (random() % 3 == 0) {  // Of a page that does not end, nothing is left.
        std::vector<std::string> others = lines;
        Mutate(others, random);
        pieces.Begin();
        TakeInPieces(pieces, PageOf(others, random), random);
      }
      const std::string page = PageOf(lines, random);
      TargetPages::Counts expected_counts;
      std::shared_ptr<const Snapshot> snapshot;
      const std::string expected = Read(whole, page, expected_counts, snapshot);
      pieces.Begin();
      TakeInPieces(pieces, page, random);
      const std::string read = Passed(pieces, pieces.End(), counts, snapshot);
      BOOST_TEST_CONTEXT("seed " << seed << " round " << round << "\n" << page) {
        BOOST_TEST_REQUIRE(read == expected);
        if (read.starts_with("failed")) continue;
        BOOST_TEST(counts.scraped == expected_counts.scraped);
        BOOST_TEST(counts.added == expected_counts.added);
        BOOST_TEST(counts.faults.bad_lines == expected_counts.faults.bad_lines);
        BOOST_TEST(counts.faults.first == expected_counts.faults.first);
      }
      if (random() % 2 == 0) Mutate(lines, random);
    }
  }
}

BOOST_AUTO_TEST_CASE(TheEndOfAPageSaysWhatItsTimesCountIn) {
  constexpr std::string_view kEnds[] = {"",         "# EOF\n", "# EOF", "# EOF\r\n\n\n",
                                        "#  EOF\n", "x 1\n"};
  for (const std::string_view before : kEnds) {
    for (const std::string_view end : kEnds) {
      Read("a 1 1500\n" + std::string(before));
      pages.Begin();
      for (const char c : "a 1 1500\n" + std::string(end)) pages.Take({&c, 1});
      const bool in_seconds = end.starts_with("# EOF");
      BOOST_TEST_CONTEXT(before << " then " << end) {
        const std::string read = Passed(pages, pages.End(), counts, last);
        BOOST_TEST(read.starts_with(in_seconds ? "a unknown: a{job=j}=1@1500000\n"
                                               : "a unknown: a{job=j}=1@1500\n"));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatLacksOnlyItsLineFeedIsWhole) {
  const std::string same = "a unknown: a{job=j}=1\n";
  for (const std::string_view page : {"a 1", "a 1\n", "a 2\na 1", "a 1\n# EOF", "a 1"}) {
    pages.Begin();
    pages.Take(page);
    pages.EndLine();
    pages.EndLine();
    BOOST_TEST(Passed(pages, pages.End(), counts, last) == same);
    BOOST_TEST(counts.faults.bad_lines == 0U);
  }
  pages.Begin();
  pages.EndLine();
  BOOST_TEST(Passed(pages, pages.End(), counts, last) == "");
}

BOOST_AUTO_TEST_CASE(WhatIsCutOffIsNoPageAlsoAfterAnEmptyOne) {
  Fixture fixture;
  BOOST_TEST(fixture.Read("\n") == "");
  BOOST_TEST(fixture.Read("\n<html").starts_with("failed: expected a page of metrics"));
}

/// Both readers of pages find the same families, samples and faults.
BOOST_AUTO_TEST_CASE(ReadsAsParsePageDoes) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::minstd_rand random(seed);
    std::vector<std::string> lines = SomeLines();
    for (int i = 0; i < 5; ++i) Mutate(lines, random);
    std::shuffle(lines.begin(), lines.end(), random);
    const std::string text = PageOf(lines, random);
    const Result<Page> page = ParsePage(text);
    BOOST_TEST_CONTEXT("seed " << seed << "\n" << text) {
      const std::string read = Read(text);
      BOOST_TEST_REQUIRE(bool{page} == !read.starts_with("failed"));
      if (!page) continue;
      BOOST_TEST(counts.faults.bad_lines == page->faults.bad_lines);
      BOOST_TEST(counts.faults.unknown_types == page->faults.unknown_types);
      std::multiset<std::string> expected;
      for (const PageFamily& family : page->families) {
        for (const PageSample& sample : family.samples) {
          expected.insert(family.name + ' ' + std::string(Name(family.type)) + ' ' + sample.name +
                          '=' + FormatNumber(sample.value));
        }
      }
      std::multiset<std::string> found;
      for (const FamilyPoints& family : last->families) {
        for (std::size_t i = 0; i < family.values.size(); ++i) {
          found.insert(family.shape->name + ' ' + std::string(Name(family.shape->type)) + ' ' +
                       std::string(SeriesParts(family.shape->series(i)).Take()) + '=' +
                       FormatNumber(family.values[i]));
        }
      }
      BOOST_TEST(found == expected, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(AHugePageWithOneGapIsReadAgain) {
  std::string page;
  for (int i = 0; i < 2000; ++i) {
    page += "m{i=\"" + std::to_string(i) + "\"} " + std::to_string(i) + ".5\n";
  }
  Read(page);
  const std::size_t gap = page.find("m{i=\"1000\"}");
  page.erase(gap, page.find('\n', gap) + 1 - gap);
  Read(page);
  BOOST_REQUIRE_EQUAL(last->families.size(), 1U);
  BOOST_TEST(last->families[0].values.size() == 1999U);
  BOOST_TEST(last->families[0].values[999] == 999.5);
  BOOST_TEST(last->families[0].values[1000] == 1001.5);
  BOOST_TEST(counts.added == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
