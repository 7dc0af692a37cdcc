#include "rules/promql/ast.h"

#include <string_view>

#include <boost/test/unit_test.hpp>

namespace tocsin::promql {
namespace {

BOOST_AUTO_TEST_SUITE(ast_test)

BOOST_AUTO_TEST_CASE(ParenthesesAreStrippedToTheInnermostExpression) {
  auto number = std::make_unique<Expr>();
  number->node = NumberLiteral{1};
  const Expr* const innermost = number.get();
  auto inner = std::make_unique<Expr>();
  inner->node = Paren{std::move(number)};
  Expr outer;
  outer.node = Paren{std::move(inner)};
  BOOST_TEST(&StripParens(outer) == innermost);
  BOOST_TEST(&StripParens(*innermost) == innermost);
}

BOOST_AUTO_TEST_CASE(NamesAreThoseOfTheLanguage) {
  BOOST_TEST(Name(BinaryOp::kAtan2) == std::string_view("atan2"));
  BOOST_TEST(Name(BinaryOp::kTrimUpper) == std::string_view("</"));
  BOOST_TEST(Name(AggregateOp::kCountValues) == std::string_view("count_values"));
  BOOST_TEST(Describe(ValueType::kMatrix) == std::string_view("range vector"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
