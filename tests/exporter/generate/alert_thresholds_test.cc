#include "exporter/generate/alert_thresholds.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "base/number.h"

namespace tocsin::generate {
namespace {

/// "above 60 strictly", or the error.
std::string ThresholdText(std::string_view expr, std::string_view metric = "") {
  const Result<AlertThreshold> threshold = ThresholdOf(expr, metric);
  if (!threshold) return threshold.error().message;
  std::string_view side = "above";
  if (threshold->bad == Bad::kBelow) side = "below";
  if (threshold->bad == Bad::kEqual) side = "at";
  return fmt::format("{} {}{}", side, FormatNumber(threshold->number),
                     threshold->strict ? " strictly" : "");
}

BOOST_AUTO_TEST_SUITE(alert_thresholds_test)

BOOST_AUTO_TEST_CASE(TheOutermostComparisonIsTheThreshold) {
  constexpr std::string_view kNone =
      "its value does not come from one comparison with a number: name the metric";
  struct Row {
    std::string_view expr;
    std::string_view threshold;
  };
  for (const Row& row : std::vector<Row>{
           {"x > 60", "above 60 strictly"},
           {"x >= 60", "above 60"},
           {"x < 0.95", "below 0.95 strictly"},
           {"x <= 2", "below 2"},
           {"x == 0", "at 0"},
           {"x != 0", "above 0 strictly"},
           {"60 < x", "above 60 strictly"},
           {"0.5 >= x", "below 0.5"},
           {"(x > -5)", "above -5 strictly"},
           {"x > (60)", "above 60 strictly"},
           {"x / (y > 0) > 0.9", "above 0.9 strictly"},
           {"time() - x > 900", "above 900 strictly"},
           {"x > 60 unless y == 0", "above 60 strictly"},
           {"x > 60 and y >= 10 and z == 1", "above 60 strictly"},
           {"(x > 60 unless y) unless on (a) z == 3", "above 60 strictly"},
           {"x > 100 <= 1000", "below 1000"},
           {"x > 1 or y > 2", kNone},
           {"x > y", kNone},
           {"x", kNone},
           {"vector(1)", kNone},
           {"x > clamp_min(5 * y, 300)", kNone},
           {"sum(x > 3)", kNone},
           {"x > bool 3", kNone},
           {"x >", "1:4: parse error: unexpected end of input"},
       }) {
    BOOST_TEST_CONTEXT(row.expr) {
      BOOST_TEST(ThresholdText(row.expr) == row.threshold);
    }
  }
}

BOOST_AUTO_TEST_CASE(AMetricNamesOneComparison) {
  BOOST_TEST(ThresholdText("x > 1 or y > 2", "y") == "above 2 strictly");
  BOOST_TEST(ThresholdText("x > 60 and (rate(y[5m]) >= 10)", "y") == "above 10");
  BOOST_TEST(ThresholdText("label_replace(x == 1, \"a\", \"b\", \"\", \"\") or y > 2", "x") ==
             "at 1");
  BOOST_TEST(ThresholdText("x > 1 or y > 2", "z") == "no comparisons of z with a number, not one");
  BOOST_TEST(ThresholdText("x > 1 or x > 2", "x") ==
             "several comparisons of x with a number, not one");
  // A chain is two of them.
  BOOST_TEST(ThresholdText("x > 100 <= 1000", "x") ==
             "several comparisons of x with a number, not one");
}

constexpr EmbeddedFile kPack = {"dagster.yaml", R"(
groups:
  - name: g
    rules:
      - {record: "a:b:c", expr: x}
      - {alert: DagsterLate, expr: x > 60, for: 1m, labels: {severity: warning},
         annotations: {runbook_url: docs/runbooks/dagsterlate.md}}
)"};
constexpr EmbeddedFile kSizing = {"optional/dagster-sizing.yaml", R"(
groups:
  - name: h
    rules: [{alert: DagsterBig, expr: x > 1000}]
)"};
constexpr EmbeddedFile kOther = {"dagsterish.yaml", R"(
groups:
  - name: i
    rules: [{alert: Other, expr: x > 1}]
)"};

BOOST_AUTO_TEST_CASE(ACatalogueKnowsItsAlerts) {
  const std::vector<EmbeddedFile> packs = {kPack, kOther, kSizing};
  const Result<AlertCatalogue> catalogue = AlertCatalogue::Read(packs);
  BOOST_TEST_REQUIRE(static_cast<bool>(catalogue));
  const CataloguedAlert* late = catalogue->Find("DagsterLate");
  BOOST_TEST_REQUIRE(late != nullptr);
  BOOST_TEST(late->pack == "dagster");
  BOOST_TEST(!late->optional);
  BOOST_TEST(late->Severity() == "warning");
  BOOST_TEST(late->Annotation("runbook_url") == "docs/runbooks/dagsterlate.md");
  BOOST_TEST(catalogue->Find("DagsterBig")->optional);
  BOOST_TEST(catalogue->Find("a:b:c") == nullptr);
  BOOST_TEST(catalogue->Nearest("DagsterLata") == "DagsterLate");
  const std::vector<std::string_view> expected = {"DagsterBig", "DagsterLate"};
  BOOST_TEST(catalogue->NamesOf("dagster") == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(AllMistakesInPacksAreTold) {
  const std::vector<EmbeddedFile> packs = {
      {"a.yaml", "groups: [{name: g, rules: [{alert: A, expr: 'x >'}]}]"}, {"b.yaml", "groups: 5"}};
  const Result<AlertCatalogue> catalogue = AlertCatalogue::Read(packs);
  BOOST_TEST_REQUIRE(!catalogue);
  BOOST_TEST(catalogue.error().message.find("alerts/a.yaml:") != std::string::npos);
  BOOST_TEST(catalogue.error().message.find("alerts/b.yaml:") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate
