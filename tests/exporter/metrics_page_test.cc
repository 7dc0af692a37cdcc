#include "exporter/metrics_page.h"

#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/views.h"

namespace tocsin {
namespace {

constexpr MetricDesc kRuns = {.name = "runs", .help = "Runs."};
constexpr MetricDesc kRunsAsCounter = {
    .name = "runs", .type = MetricType::kCounter, .help = "Other."};
constexpr MetricDesc kKeys = {.name = "keys", .help = "Keys."};
constexpr MetricDesc kOwn = {.name = "tocsin_build_info", .help = "Build."};
constexpr MetricDesc kWide = {.name = "wide", .help = "Many series.", .labels = {"number"}};

constexpr collectors::CollectorEntry kDagster = {"dagster", "", {}, {}, nullptr};
constexpr collectors::CollectorEntry kRedis = {"redis", "", {}, {}, nullptr};

/// A family of another program's page, of one sample.
FamilyPoints Scraped(std::string name, MetricType type, Audience audience) {
  FamilyShape shape;
  shape.name = name;
  shape.type = type;
  shape.help = "Scraped.";
  shape.form = SeriesForm::kFlat;
  shape.target_labels = TargetLabels::kIncluded;
  shape.audience = audience;
  for (const std::string_view part :
       {std::string_view(name), std::string_view("job"), std::string_view("j")}) {
    shape.label_values.append(part).append(1, FamilyShape::kDelimiter);
  }
  shape.series_ends = {static_cast<std::uint32_t>(shape.label_values.size())};
  return {std::make_shared<const FamilyShape>(std::move(shape)), {7}};
}

std::string Body(const HttpResponse& response) {
  std::string body = response.body ? *response.body : "";
  for (const SharedText& piece : response.more_body) body += *piece;
  return body;
}

std::string Gunzip(const std::string& packed) {
  std::string text(1 << 22, '\0');
  libdeflate_decompressor* const decompressor = libdeflate_alloc_decompressor();
  std::size_t size = 0;
  BOOST_TEST(libdeflate_gzip_decompress(decompressor, packed.data(), packed.size(), text.data(),
                                        text.size(), &size) == LIBDEFLATE_SUCCESS);
  libdeflate_free_decompressor(decompressor);
  text.resize(size);
  return text;
}

std::string Unzstd(const std::string& packed) {
  std::string text(1 << 22, '\0');
  const std::size_t size = ZSTD_decompress(text.data(), text.size(), packed.data(), packed.size());
  BOOST_REQUIRE(ZSTD_isError(size) == 0U);
  text.resize(size);
  return text;
}

std::string HeaderOf(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

struct Fixture {
  std::uint64_t generation = 1;
  int own_collected = 0;
  MetricsPage::Views views = {
      MakeView(kDagster, "prod", OneSample(kRuns, 1, {{"env", "prod"}})),
      MakeView(kRedis, "cache", OneSample(kKeys, 2)),
      MakeView(kDagster, "test", OneSample(kRuns, 3, {{"env", "test"}})),
      MakeView(kDagster, "gone", nullptr),
  };
  std::map<std::string, std::uint64_t> left_out;  ///< By instance.
  MetricsPage page{{[this] { return generation; }, [this] { return views; },
                    [this] { return OneSample(kOwn, ++own_collected); },
                    [this](const collectors::InstanceConfig& config, std::uint64_t points) {
                      left_out[config.name] += points;
                    }}};

  HttpResponse Get(std::vector<std::pair<std::string, std::string>> query = {},
                   std::vector<std::pair<std::string, std::string>> headers = {}) {
    HttpRequest request;
    request.method = "GET";
    request.path = "/metrics";
    request.query = std::move(query);
    request.headers = std::move(headers);
    return page.Answer(request);
  }

  /// A page of many series, large enough to be sent in several pieces.
  void MakeLarge(double value) {
    const auto before = views.front()->snapshot;
    MetricSink sink({.max_series = 10'000, .constant_labels = {}}, before);
    for (int i = 0; i < 10'000; ++i) sink.Add(kWide, {std::to_string(i)}, i % 2 == 0 ? value : 1);
    views = {MakeView(kDagster, "prod", sink.Finish(TimePoint()))};
  }
};

constexpr std::string_view kWholePage =
    "# HELP runs Runs.\n# TYPE runs gauge\nruns{env=\"prod\"} 1\nruns{env=\"test\"} 3\n"
    "# HELP keys Keys.\n# TYPE keys gauge\nkeys 2\n"
    "# HELP tocsin_build_info Build.\n# TYPE tocsin_build_info gauge\ntocsin_build_info 1\n";

using Query = std::vector<std::pair<std::string, std::string>>;

struct FilterCase {
  std::string_view name;
  Query query;
  std::set<std::string> families;
};

const FilterCase kFilters[] = {
    {"none", {}, {"runs", "keys", "tocsin_build_info"}},
    {"other parameters", {{"collect", "x"}}, {"runs", "keys", "tocsin_build_info"}},
    {"a type", {{"collect[]", "dagster"}}, {"runs"}},
    {"an instance", {{"collect[]", "cache"}}, {"keys"}},
    {"several", {{"collect[]", "cache"}, {"collect[]", "prod"}}, {"runs", "keys"}},
    {"one without points", {{"collect[]", "gone"}}, {}},
    {"tocsin's own", {{"collect[]", "tocsin"}}, {"tocsin_build_info"}},
    {"all but a type", {{"exclude[]", "dagster"}}, {"keys", "tocsin_build_info"}},
    {"all but tocsin's own", {{"exclude[]", "tocsin"}}, {"runs", "keys"}},
};

const Query kBadFilters[] = {
    {{"collect[]", "nope"}},
    {{"collect[]", ""}},
    {{"exclude[]", "nope"}},
    {{"collect[]", "prod"}, {"collect[]", "nope"}},
    {{"collect[]", "prod"}, {"exclude[]", "cache"}},
};

std::set<std::string> FamiliesIn(const std::string& page) {
  std::set<std::string> families;
  constexpr std::string_view kType = "# TYPE ";
  for (std::size_t at = page.find(kType); at != std::string::npos; at = page.find(kType, at + 1)) {
    const std::size_t begin = at + kType.size();
    families.insert(page.substr(begin, page.find(' ', begin) - begin));
  }
  return families;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(metrics_page_test, Fixture)

BOOST_AUTO_TEST_CASE(PutsAFamilyOfSeveralInstancesInOnePiece) {
  const HttpResponse response = Get();
  BOOST_TEST(response.status == 200);
  BOOST_TEST(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
  BOOST_TEST(HeaderOf(response, "Vary") == "Accept, Accept-Encoding");
  BOOST_TEST(Body(response) == kWholePage);
}

BOOST_AUTO_TEST_CASE(OpenMetricsEndsWithItsMark) {
  const HttpResponse response = Get({}, {{"Accept", "application/openmetrics-text"}});
  BOOST_TEST(response.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8");
  BOOST_TEST(Body(response).starts_with("# TYPE runs gauge\n# HELP runs Runs.\n"));
  BOOST_TEST(Body(response).ends_with("\ntocsin_build_info 1\n# EOF\n"));
}

BOOST_AUTO_TEST_CASE(AFamilyOfAnotherTypeIsLeftOut) {
  views.push_back(MakeView(kRedis, "odd", OneSample(kRunsAsCounter, 9)));
  BOOST_TEST(Body(Get()) == kWholePage);
  const std::map<std::string, std::uint64_t> expected = {{"odd", 1}};
  BOOST_TEST((left_out == expected));
}

BOOST_AUTO_TEST_CASE(WhatIsLeftOutIsToldOncePerCollection) {
  const auto at = [](int second) {
    MetricSink sink({.max_series = 10, .constant_labels = {}}, nullptr);
    sink.Add(kRunsAsCounter, {}, 9);
    return sink.Finish(TimePoint(std::chrono::seconds(second)));
  };
  const MetricsPage::Views others = views;
  const auto collect = [&](int second) {
    views = others;
    views.push_back(MakeView(kRedis, "odd", at(second)));
    ++generation;
    Get();
    Get({{"collect[]", "odd"}}, {{"Accept", "application/openmetrics-text"}});
    return left_out["odd"];
  };
  BOOST_TEST(collect(1) == 1U);
  BOOST_TEST(collect(1) == 1U);  // Others have collected meanwhile.
  BOOST_TEST(collect(2) == 2U);
}

BOOST_AUTO_TEST_CASE(CompressedFormsDecodeToTheSamePage) {
  MakeLarge(2);
  for (const char* const accept : {"text/plain", "application/openmetrics-text"}) {
    const std::string plain = Body(Get({}, {{"Accept", accept}}));
    BOOST_TEST(plain.size() > 100'000U);
    const HttpResponse gzip = Get({}, {{"Accept", accept}, {"Accept-Encoding", "gzip"}});
    BOOST_TEST(HeaderOf(gzip, "Content-Encoding") == "gzip");
    BOOST_TEST((Gunzip(Body(gzip)) == plain));
    const HttpResponse zstd = Get({}, {{"Accept", accept}, {"Accept-Encoding", "zstd"}});
    BOOST_TEST(HeaderOf(zstd, "Content-Encoding") == "zstd");
    BOOST_TEST((Unzstd(Body(zstd)) == plain));
  }
  BOOST_TEST(HeaderOf(Get({}, {{"Accept-Encoding", "gzip;q=0"}}), "Content-Encoding") == "");
}

BOOST_AUTO_TEST_CASE(AGenerationIsMadeOnceAndShared) {
  MakeLarge(2);
  for (const char* const encoding : {"identity", "gzip", "zstd"}) {
    const auto first = Get({}, {{"Accept-Encoding", encoding}}).more_body;
    BOOST_TEST((first == Get({}, {{"Accept-Encoding", encoding}}).more_body));
    ++generation;
    BOOST_TEST((first != Get({}, {{"Accept-Encoding", encoding}}).more_body));
  }
  BOOST_TEST(own_collected == 4);
}

BOOST_AUTO_TEST_CASE(LargeFamiliesAreSharedBetweenFormatsAndGenerations) {
  MakeLarge(2);
  const auto shares_a_piece = [](const HttpResponse& a, const HttpResponse& b) {
    return std::any_of(a.more_body.begin(), a.more_body.end(), [&](const SharedText& piece) {
      return std::find(b.more_body.begin(), b.more_body.end(), piece) != b.more_body.end();
    });
  };
  const HttpResponse first = Get();
  BOOST_TEST(shares_a_piece(first, Get({}, {{"Accept", "application/openmetrics-text"}})));
  ++generation;
  BOOST_TEST(shares_a_piece(first, Get()));
  ++generation;
  MakeLarge(3);
  BOOST_TEST(!shares_a_piece(first, Get()));
}

BOOST_AUTO_TEST_CASE(AChangedPageIsTheSameAsANewOne) {
  for (const double value : {2.0, 2.5, 1e9, 0.1}) {
    MakeLarge(value);
    ++generation;
    MetricsPage fresh({[] { return std::uint64_t{1}; }, [this] { return views; },
                       [this] { return OneSample(kOwn, own_collected); }});
    const std::string again = Body(Get());
    BOOST_TEST((again == Body(fresh.Answer(HttpRequest()))));
  }
}

BOOST_AUTO_TEST_CASE(FiltersByTypeAndInstance) {
  for (const FilterCase& row : kFilters) {
    BOOST_TEST_CONTEXT(row.name) {
      const HttpResponse response = Get(row.query, {{"Accept-Encoding", "gzip"}});
      BOOST_TEST(response.status == 200);
      BOOST_TEST(FamiliesIn(Gunzip(Body(response))) == row.families,
                 boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(RefusesBadFilters) {
  for (const Query& query : kBadFilters) {
    BOOST_TEST_CONTEXT(query.back().second) {
      BOOST_TEST(Get(query).status == 400);
    }
  }
  BOOST_TEST(
      Body(Get({{"collect[]", "nope"}})) ==
      "there is no collector 'nope', only prod, dagster, cache, redis, test, gone, tocsin\n");
}

BOOST_AUTO_TEST_CASE(ManyScrapersAtOnceSeeWholePagesOnly) {
  std::atomic<std::uint64_t> number = 1;
  const MetricsPage::Views low = {MakeView(kDagster, "prod", OneSample(kRuns, 1))};
  const MetricsPage::Views high = {MakeView(kDagster, "prod", OneSample(kRuns, 2))};
  MetricsPage shared({[&] { return number.load(); }, [&] { return number % 2 == 0 ? low : high; },
                      [] { return OneSample(kOwn, 1); }});
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> scrapers;
    for (int thread = 0; thread < 4; ++thread) {
      scrapers.emplace_back([&, thread] {
        for (int i = 0; i < 200; ++i) {
          HttpRequest request;
          if (thread % 2 == 0) request.headers = {{"Accept-Encoding", "gzip"}};
          if (thread % 3 == 0) request.query = {{"collect[]", "prod"}};
          const HttpResponse response = shared.Answer(request);
          if (response.status != 200 || Body(response).empty()) ++wrong;
        }
      });
    }
    for (int i = 0; i < 200; ++i) ++number;
  }
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(ShowsOfOtherProgramsWhatIsForEverybody) {
  Snapshot scraped;
  scraped.families = {Scraped("app", MetricType::kSummary, Audience::kEverybody),
                      Scraped("hidden", MetricType::kGauge, Audience::kStore),
                      Scraped("tocsin_build_info", MetricType::kCounter, Audience::kEverybody)};
  views = {MakeView(kRedis, "pages", std::make_shared<const Snapshot>(scraped))};
  // The last contradicts what tocsin says of itself, though it comes first.
  BOOST_TEST(Body(Get()) ==
             "# HELP app Scraped.\n# TYPE app summary\napp{job=\"j\"} 7\n"
             "# HELP tocsin_build_info Build.\n# TYPE tocsin_build_info gauge\n"
             "tocsin_build_info 1\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
