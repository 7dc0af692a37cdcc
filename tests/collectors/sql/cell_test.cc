#include "collectors/sql/cell.h"

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/values.h"

namespace tocsin::collectors {
namespace {

constexpr std::array kMetrics = {
    ColumnMetric{"ms", {"x_seconds", MetricType::kGauge, "Help.", {"name", "kind"}}, 1e-3},
    ColumnMetric{"new", {"x_new", MetricType::kGauge, "Help.", {"name"}}},
    ColumnMetric{"n", {"x_count", MetricType::kUnknown, "Help."}},
};

SqlRows Rows(std::vector<std::string> names, const std::vector<std::vector<SqlRows::Cell>>& cells) {
  SqlRows rows(std::move(names));
  for (const auto& row : cells) {
    for (const SqlRows::Cell& cell : row) rows.Append(cell);
  }
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cell_test)

BOOST_AUTO_TEST_CASE(CellsAreNumbersOrNothing) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  struct Row {
    SqlRows::Cell cell;
    std::optional<double> expected;
  };
  const std::vector<Row> table = {
      {"1", 1}, {"-2.5e3", -2500},       {std::nullopt, std::nullopt}, {"t", 1},
      {"f", 0}, {"Infinity", kInfinity}, {"-Infinity", -kInfinity},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.cell.value_or("NULL")) {
      const Result<std::optional<double>> number = NumberIn(Rows({"a"}, {{row.cell}}), 0, 0);
      BOOST_TEST_REQUIRE(static_cast<bool>(number));
      BOOST_TEST((*number == row.expected));
    }
  }
  for (const std::string text : {"", "true", "1 2", "x", "01:00:00"}) {
    const Result<std::optional<double>> number = NumberIn(Rows({"a"}, {{text}}), 0, 0);
    BOOST_TEST_REQUIRE(!number);
    BOOST_TEST((number.error().code == ErrorCode::kCorrupt));
    BOOST_TEST(number.error().message == "expected a number, got \"" + text + "\"");
  }
  const std::string long_text(1000, 'x');
  BOOST_TEST(NumberIn(Rows({"a"}, {{long_text}}), 0, 0).error().message.size() < 100U);
  BOOST_TEST(NumberIn(Rows({"a"}, {{"\xff"}}), 0, 0).error().message ==
             "expected a number, got \"\xEF\xBF\xBD\"");
}

BOOST_AUTO_TEST_CASE(ColumnsAreFoundByTheirNames) {
  const SqlRows rows = Rows({"a", "B", "a"}, {});
  BOOST_TEST(*ColumnOf(rows, "a") == 0U);
  BOOST_TEST(*ColumnOf(rows, "B") == 1U);
  const Result<std::size_t> missing = ColumnOf(rows, "b");
  BOOST_TEST_REQUIRE(!missing);
  BOOST_TEST((missing.error().code == ErrorCode::kNotFound));
  BOOST_TEST(missing.error().message == "the query gives no column \"b\"; it gives a, B, a");
}

BOOST_AUTO_TEST_CASE(ColumnsBecomePoints) {
  MetricSink sink({}, nullptr);
  const SqlRows rows = Rows({"name", "kind", "ms", "n"}, {{"caf\xe9", "a", "1500", "1"},
                                                          {"b", std::nullopt, std::nullopt, "x"},
                                                          {"c", std::nullopt, "7", "y"}});
  const Status added = AddColumns(rows, kMetrics, sink);
  BOOST_TEST_REQUIRE(!added);
  BOOST_TEST(added.error().message == "n: expected a number, got \"x\"");
  const dagster::Values expected = {{"x_seconds{name=\"caf\xEF\xBF\xBD\",kind=\"a\"}", 1.5},
                                    {R"(x_seconds{name="c",kind=""})", 0.007},
                                    {"x_count", 1}};
  BOOST_TEST((dagster::ValuesOf(*sink.Finish(TimePoint())) == expected));
}

BOOST_AUTO_TEST_CASE(NoRowsAreNoPoints) {
  MetricSink sink({}, nullptr);
  BOOST_TEST(static_cast<bool>(AddColumns(Rows({"name", "ms"}, {}), kMetrics, sink)));
  BOOST_TEST(static_cast<bool>(AddColumns(SqlRows(std::size_t{0}), kMetrics, sink)));
  BOOST_TEST(sink.Finish(TimePoint())->families.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
