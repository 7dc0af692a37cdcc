#include "rules/unit_test/alert_comparison.h"

#include <boost/test/unit_test.hpp>

namespace tocsin::unit_test {
namespace {

ExpectedAlert Exactly(TextMap labels, TextMap annotations = {}) {
  return {.labels = std::move(labels), .annotations = std::move(annotations)};
}
ExpectedAlert AtLeast(TextMap labels) {
  return {.labels = std::move(labels),
          .annotations = {},
          .labels_subset = true,
          .annotations_subset = true};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(alert_comparison_test)

BOOST_AUTO_TEST_CASE(TheOrderMeansNothingAndNumbersCount) {
  const FoundAlert a{{{"job", "a"}}, {{"summary", "x"}}};
  const FoundAlert b{{{"job", "b"}}, {}};
  const ExpectedAlert is_a = Exactly(a.labels, a.annotations);
  const ExpectedAlert is_b = Exactly(b.labels);
  BOOST_TEST(AreAsExpected({}, {}));
  BOOST_TEST(AreAsExpected({is_b, is_a}, {a, b}));
  BOOST_TEST(!AreAsExpected({is_a}, {a, b}));
  BOOST_TEST(!AreAsExpected({is_a, is_a}, {a, b}));
  BOOST_TEST(!AreAsExpected({is_a, is_b}, {a}));
  BOOST_TEST(!AreAsExpected({Exactly(a.labels)}, {a}));
  BOOST_TEST(!AreAsExpected({Exactly({{"job", "a"}, {"x", ""}}, a.annotations)}, {a}));
}

BOOST_AUTO_TEST_CASE(ASubsetTakesAnAlertThatIsMore) {
  const FoundAlert a{{{"job", "a"}, {"zone", "1"}}, {{"summary", "x"}}};
  BOOST_TEST(AreAsExpected({AtLeast({{"job", "a"}})}, {a}));
  BOOST_TEST(AreAsExpected({AtLeast({})}, {a}));
  BOOST_TEST(!AreAsExpected({AtLeast({{"job", "b"}})}, {a}));
  BOOST_TEST(!AreAsExpected({AtLeast({{"job", "a"}, {"x", "y"}})}, {a}));
  ExpectedAlert half = AtLeast({{"job", "a"}});
  half.annotations_subset = false;
  BOOST_TEST(!AreAsExpected({half}, {a}));
}

BOOST_AUTO_TEST_CASE(ASubsetGivesWayToOneThatFitsNothingElse) {
  const FoundAlert one{{{"job", "a"}, {"zone", "1"}}, {}};
  const FoundAlert two{{{"job", "a"}, {"zone", "2"}}, {}};
  const FoundAlert three{{{"job", "b"}, {"zone", "1"}}, {}};
  // The first would take `one`, and so would the second, of which it is the only one.
  BOOST_TEST(AreAsExpected(
      {AtLeast({{"job", "a"}}), AtLeast({{"zone", "1"}}), AtLeast({{"job", "a"}, {"zone", "1"}})},
      {one, two, three}));
  BOOST_TEST(!AreAsExpected({AtLeast({{"zone", "2"}}), AtLeast({{"zone", "2"}})}, {one, two}));
}

BOOST_AUTO_TEST_CASE(ListsAreSorted) {
  BOOST_TEST(Describe(std::vector<FoundAlert>()) == "[]");
  BOOST_TEST(
      Describe({FoundAlert{{{"job", "b"}}, {{"s", "\"x\""}}}, FoundAlert{{{"job", "a"}}, {}}}) ==
      "[\n    0:\n      Labels:{job=\"a\"}\n      Annotations:{}"
      "\n    1:\n      Labels:{job=\"b\"}\n      Annotations:{s=\"\\\"x\\\"\"}\n    ]");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::unit_test
