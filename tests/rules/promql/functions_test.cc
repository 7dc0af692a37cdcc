#include "rules/promql/functions.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/support/source_directory.h"

namespace tocsin::promql {
namespace {

using enum ValueType;

/// `name(scalar, vector, ...optional) -> vector`.
std::string Signature(const Function& function) {
  const auto count = static_cast<int>(function.args.size());
  const int required = count - std::abs(function.optional_args);
  std::string text(function.name);
  text += "(";
  for (int i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    if (i >= required) text += function.optional_args < 0 ? "..." : "?";
    text += Describe(function.args[static_cast<std::size_t>(i)]);
  }
  return text + ") -> " + std::string(Describe(function.returns));
}

std::set<std::string_view> NamesOf(bool (*wanted)(const Function&)) {
  std::set<std::string_view> names;
  for (const Function& function : AllFunctions()) {
    if (wanted(function)) names.insert(function.name);
  }
  return names;
}

bool TakesAnchored(const Function& function) {
  const auto* range = std::get_if<RangeFunction>(&function.how);
  return range != nullptr && range->takes_anchored;
}
bool TakesSmoothed(const Function& function) {
  const auto* range = std::get_if<RangeFunction>(&function.how);
  return range != nullptr && range->takes_smoothed;
}
bool KeepsName(const Function& function) {
  const auto* range = std::get_if<RangeFunction>(&function.how);
  return range != nullptr && range->keeps_name;
}

BOOST_AUTO_TEST_SUITE(functions_test)

BOOST_AUTO_TEST_CASE(TheTableHasTheNinetyFunctionsOfPrometheus) {
  const std::set<std::string_view> all = NamesOf([](const Function&) { return true; });
  BOOST_TEST(all.size() == 90U);
  BOOST_TEST(AllFunctions().size() == 90U);
  BOOST_TEST(std::ranges::is_sorted(AllFunctions(), {}, &Function::name));
}

BOOST_AUTO_TEST_CASE(ExperimentalFunctionsAreFlagged) {
  const std::set<std::string_view> expected{"double_exponential_smoothing",
                                            "end",
                                            "histogram_quantiles",
                                            "info",
                                            "mad_over_time",
                                            "max_of",
                                            "min_of",
                                            "range",
                                            "sort_by_label",
                                            "sort_by_label_desc",
                                            "start",
                                            "start_timestamp",
                                            "step",
                                            "ts_of_first_over_time",
                                            "ts_of_last_over_time",
                                            "ts_of_max_over_time",
                                            "ts_of_min_over_time"};
  BOOST_TEST((NamesOf([](const Function& f) { return f.experimental; }) == expected));
}

BOOST_AUTO_TEST_CASE(TheUsersPageNamesEveryExperimentalFunction) {
  std::ifstream file(SourceDirectory() / "docs/promql.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  for (const std::string_view name : NamesOf([](const Function& f) { return f.experimental; })) {
    BOOST_TEST(page.find("`" + std::string(name) + "`") != std::string::npos, name);
  }
}

BOOST_AUTO_TEST_CASE(NamesAreCaseSensitive) {
  BOOST_REQUIRE(FindFunction("rate") != nullptr);
  BOOST_TEST(FindFunction("rate")->name == "rate");
  for (const std::string_view name : {"", "Rate", "rat", "rates", "holt_winters", "zzz"}) {
    BOOST_TEST((FindFunction(name) == nullptr), name);
  }
}

BOOST_AUTO_TEST_CASE(SignaturesAreThoseOfPrometheus) {
  for (const std::string_view expected : {
           "abs(instant vector) -> instant vector",
           "absent_over_time(range vector) -> instant vector",
           "clamp(instant vector, scalar, scalar) -> instant vector",
           "double_exponential_smoothing(range vector, scalar, scalar) -> instant vector",
           "histogram_fraction(scalar, scalar, instant vector) -> instant vector",
           "histogram_quantile(scalar, instant vector) -> instant vector",
           "hour(?instant vector) -> instant vector",
           "info(instant vector, ?instant vector) -> instant vector",
           "label_join(instant vector, string, string, ...string) -> instant vector",
           "label_replace(instant vector, string, string, string, string) -> instant vector",
           "max_of(scalar, scalar) -> scalar",
           "pi() -> scalar",
           "predict_linear(range vector, scalar) -> instant vector",
           "quantile_over_time(scalar, range vector) -> instant vector",
           "round(instant vector, ?scalar) -> instant vector",
           "scalar(instant vector) -> scalar",
           "sort_by_label(instant vector, ...string) -> instant vector",
           "step() -> scalar",
           "time() -> scalar",
           "vector(scalar) -> instant vector",
       }) {
    const Function* function = FindFunction(expected.substr(0, expected.find('(')));
    BOOST_REQUIRE_MESSAGE(function != nullptr, expected);
    BOOST_TEST(Signature(*function) == expected);
  }
  const Function& quantiles = *FindFunction("histogram_quantiles");
  BOOST_TEST(quantiles.args.size() == 12U);  // A vector, a label, one to ten quantiles.
  BOOST_TEST(quantiles.optional_args == 9);
}

BOOST_AUTO_TEST_CASE(EveryRangeFunctionTakesOneRange) {
  for (const Function& function : AllFunctions()) {
    const bool of_range =
        std::holds_alternative<RangeFunction>(function.how) || function.name == "absent_over_time";
    BOOST_TEST(std::ranges::count(function.args, kMatrix) == (of_range ? 1 : 0), function.name);
  }
}

BOOST_AUTO_TEST_CASE(ModifiersAndNamesAreForAFew) {
  using Names = std::set<std::string_view>;
  BOOST_TEST((NamesOf(TakesAnchored) == Names{"changes", "delta", "increase", "rate", "resets"}));
  BOOST_TEST((NamesOf(TakesSmoothed) == Names{"delta", "increase", "rate"}));
  BOOST_TEST((NamesOf(KeepsName) == Names{"first_over_time", "last_over_time"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
