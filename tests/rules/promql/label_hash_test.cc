#include "rules/promql/label_hash.h"

#include <cstdint>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::promql {
namespace {

BOOST_AUTO_TEST_SUITE(label_hash_test)

BOOST_AUTO_TEST_CASE(TextsHashAsTheSpecificationSays) {
  struct Row {
    std::string text;
    std::uint64_t hash;
  };
  const Row rows[] = {
      {"", 0xef46db3751d8e999},
      {"a", 0xd24ec4f1a98c6e5b},
      {"as", 0x1c330fb2d66be179},
      {"asd", 0x631c37ce72a97393},
      {"asdf", 0x415872f599cea71e},
      {"Call me Ishmael. Some years ago--never mind how long precisely-", 0x02a2e85470d6fd96},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(XxHash64(row.text) == row.hash);
    }
  }
}

BOOST_AUTO_TEST_CASE(LabelSetsHaveTheirPlace) {
  const Labels labels{{"a", "1"}};
  BOOST_TEST(LabelHashFraction(labels) == LabelHashFraction(Labels{{"a", "1"}}));
  BOOST_TEST(LabelHashFraction(labels) != LabelHashFraction(Labels{{"a", "2"}}));
  const Labels long_value{{"a", std::string(300, 'x')}};
  BOOST_TEST(LabelHashFraction(long_value) >= 0);
  BOOST_TEST(LabelHashFraction(long_value) <= 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
