#include "exporter/api/result_json.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::api {
namespace {

using promql::Block;
using promql::kAbsent;
using promql::QueryResult;
using promql::Shape;

std::string Timestamp(Millis t) {
  std::string out;
  AppendTimestamp(out, t);
  return out;
}

std::string Value(double value) {
  std::string out;
  AppendSampleValue(out, value);
  return out;
}

std::string Json(const QueryResult& result, bool is_range, std::size_t limit = 0) {
  Pieces out;
  const bool truncated = AppendResult(out, result, is_range, limit);
  return (truncated ? "truncated " : "") + out.text();
}

/// Three series, of which the last has lost its name.
std::shared_ptr<const Shape> ThreeSeries() {
  auto shape = std::make_shared<Shape>();
  for (const std::string_view job : {"a", "b", "c"}) {
    shape->labels.push_back(Labels{{"__name__", "up"}, {"job", job}});
  }
  shape->drop_name = {0, 0, 1};
  return shape;
}

BOOST_AUTO_TEST_SUITE(result_json_test)

BOOST_AUTO_TEST_CASE(TimesAreSecondsWithTheDecimalsTheyNeed) {
  BOOST_TEST(Timestamp(0) == "0");
  BOOST_TEST(Timestamp(1435781430781) == "1435781430.781");
  BOOST_TEST(Timestamp(1500) == "1.5");
  BOOST_TEST(Timestamp(1050) == "1.05");
  BOOST_TEST(Timestamp(1001) == "1.001");
  BOOST_TEST(Timestamp(-500) == "-0.5");
  BOOST_TEST(Timestamp(std::numeric_limits<Millis>::min()) == "-9223372036854775.808");
}

BOOST_AUTO_TEST_CASE(ValuesHaveAnExponentOnlyIfTheyNeedOne) {
  BOOST_TEST(Value(1) == "1");
  BOOST_TEST(Value(-0.0) == "-0");
  BOOST_TEST(Value(0.1) == "0.1");
  BOOST_TEST(Value(1e-6) == "0.000001");
  BOOST_TEST(Value(-1.234567890123456e-6) == "-0.000001234567890123456");
  BOOST_TEST(Value(1e-7) == "1e-07");
  BOOST_TEST(Value(-9.5e-7) == "-9.5e-07");
  BOOST_TEST(Value(123456.789) == "123456.789");
  BOOST_TEST(Value(1e20) == "100000000000000000000");
  BOOST_TEST(Value(0x1p60) == "1152921504606847000");
  BOOST_TEST(Value(1e21) == "1e+21");
  BOOST_TEST(Value(1e300) == "1e+300");
  BOOST_TEST(Value(-std::numeric_limits<double>::min()) == "-2.2250738585072014e-308");
  BOOST_TEST(Value(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  BOOST_TEST(Value(std::numeric_limits<double>::infinity()) == "+Inf");
  BOOST_TEST(Value(-std::numeric_limits<double>::infinity()) == "-Inf");
  BOOST_TEST(Value(-std::numeric_limits<double>::denorm_min()) == "-5e-324");
  BOOST_TEST(Value(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
}

BOOST_AUTO_TEST_CASE(AVectorHasWhatIsPresentInItsOrder) {
  Block block(ThreeSeries(), 1);
  block.values = {1, kAbsent, 3};
  QueryResult result{.value = block, .steps = {1500, 1, 1}, .warnings = {}, .infos = {}};
  BOOST_TEST(Json(result, false) == R"("resultType":"vector","result":[)"
                                    R"({"metric":{"__name__":"up","job":"a"},"value":[1.5,"1"]},)"
                                    R"({"metric":{"job":"c"},"value":[1.5,"3"]}])");
  block.order = {2, 1, 0};
  result.value = block;
  BOOST_TEST(
      Json(result, false, 1) ==
      R"(truncated "resultType":"vector","result":[{"metric":{"job":"c"},"value":[1.5,"3"]}])");
}

BOOST_AUTO_TEST_CASE(ARangeLeavesOutWhatIsAbsent) {
  Block block(ThreeSeries(), 2);
  block.values = {1, 2, kAbsent, kAbsent, kAbsent, 6};
  const QueryResult result{.value = block, .steps = {0, 1000, 2}, .warnings = {}, .infos = {}};
  BOOST_TEST(Json(result, true) ==
             R"("resultType":"matrix","result":[)"
             R"({"metric":{"__name__":"up","job":"a"},"values":[[0,"1"],[1,"2"]]},)"
             R"({"metric":{"job":"c"},"values":[[1,"6"]]}])");
  BOOST_TEST(Json(result, true, 2) == Json(result, true));
  BOOST_TEST(Json(result, true, 1).starts_with("truncated "));
}

BOOST_AUTO_TEST_CASE(ScalarsStringsAndRangeVectors) {
  QueryResult result{
      .value = promql::ScalarColumn{{2.5}}, .steps = {1000, 1, 1}, .warnings = {}, .infos = {}};
  BOOST_TEST(Json(result, false) == R"("resultType":"scalar","result":[1,"2.5"])");
  result.value = std::string("a\"b");
  BOOST_TEST(Json(result, false) == R"("resultType":"string","result":[1,"a\"b"])");
  promql::RangeBlock ranges{ThreeSeries(), {Samples{{1, 2}, {3, 4}}, Samples{}, Samples{}}};
  result.value = ranges;
  BOOST_TEST(Json(result, false) ==
             R"("resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},)"
             R"("values":[[0.001,"3"],[0.002,"4"]]}])");
}

BOOST_AUTO_TEST_CASE(ALargeResultComesInPieces) {
  constexpr std::size_t kSamples = 200'000;
  Samples samples;
  for (std::size_t i = 0; i < kSamples; ++i) {
    samples.t.push_back(static_cast<Millis>(i));
    samples.v.push_back(0.5);
  }
  QueryResult result{.value = promql::RangeBlock{ThreeSeries(), {samples, samples, {}}},
                     .steps = {0, 1, 1},
                     .warnings = {},
                     .infos = {}};
  Pieces out;
  AppendResult(out, result, false, 0);
  const std::vector<SharedText> pieces = out.Take();
  BOOST_TEST(pieces.size() > 3U);
  std::string whole;
  for (const SharedText& piece : pieces) {
    BOOST_TEST(piece->size() < Pieces::kPieceBytes + 100);
    whole += *piece;
  }
  BOOST_TEST(out.Take().empty());
  const auto count = std::count(whole.begin(), whole.end(), '.');
  BOOST_TEST(count > static_cast<std::ptrdiff_t>(2 * kSamples));  // Each value has one.
  BOOST_TEST(whole.ends_with(R"([199.999,"0.5"]]}])"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::api
