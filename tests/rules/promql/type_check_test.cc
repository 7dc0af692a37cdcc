#include "rules/promql/type_check.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/promql/parser.h"

namespace tocsin::promql {
namespace {

constexpr ParseOptions kOptions = {.experimental = true};

struct Row {
  std::string_view text;
  std::string_view error;
};

void CheckErrors(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const ParseResult result = Parse(row.text, kOptions);
      BOOST_TEST_REQUIRE(!result);
      BOOST_TEST(result.error.ToString(row.text) == row.error);
    }
  }
}

BOOST_AUTO_TEST_SUITE(type_check_test)

BOOST_AUTO_TEST_CASE(EveryExpressionHasAType) {
  struct Typed {
    std::string_view text;
    ValueType type;
  };
  const std::vector<Typed> rows = {
      {"1", ValueType::kScalar},
      {"5m", ValueType::kScalar},
      {"'a'", ValueType::kString},
      {"foo", ValueType::kVector},
      {"foo[5m]", ValueType::kMatrix},
      {"foo[5m:]", ValueType::kMatrix},
      {"(foo[5m])", ValueType::kMatrix},
      {"('a')", ValueType::kString},
      {"-1 + 2", ValueType::kScalar},
      {"-(1)", ValueType::kScalar},
      {"1 < bool 2", ValueType::kScalar},
      {"1 + foo", ValueType::kVector},
      {"foo and bar", ValueType::kVector},
      {"-foo", ValueType::kVector},
      {"time()", ValueType::kScalar},
      {"scalar(foo)", ValueType::kScalar},
      {"vector(1)", ValueType::kVector},
      {"sum(foo)", ValueType::kVector},
      {"rate(foo[5m])", ValueType::kVector},
  };
  for (const Typed& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const ParseResult result = Parse(row.text, kOptions);
      BOOST_TEST_REQUIRE(!!result);
      BOOST_TEST((result.query->root->type == row.type));
    }
  }
}

BOOST_AUTO_TEST_CASE(OperandsMustBeNumbersOrInstantVectors) {
  const std::string_view operands =
      "1:1: parse error: binary expression must contain only scalar and instant vector types";
  CheckErrors({
      {"\"a\" + 1", operands},
      {"foo[5m] + 1", operands},
      {"max by (a) (1 + foo[5m])",
       "1:17: parse error: binary expression must contain only scalar and instant vector types"},
      {"-\"a\"",
       "1:1: parse error: unary expression only allowed on expressions of type scalar or instant "
       "vector, got \"string\""},
      {"+foo[5m]",
       "1:1: parse error: unary expression only allowed on expressions of type scalar or instant "
       "vector, got \"range vector\""},
      {"1[5m:]",
       "1:1: parse error: subquery is only allowed on instant vector, got scalar instead"},
      {"foo[5m][5m:1m]",
       "1:1: parse error: subquery is only allowed on instant vector, got matrix instead"},
  });
}

BOOST_AUTO_TEST_CASE(OperatorsHaveRules) {
  CheckErrors({
      {"foo + bool bar",
       "1:5: parse error: bool modifier can only be used on comparison operators"},
      {"foo and bool 10",
       "1:5: parse error: bool modifier can only be used on comparison operators"},
      {"1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"},
      {"time()\n > 1", "2:2: parse error: comparisons between scalars must use BOOL modifier"},
      {"1 and 2", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
      {"foo or 1", "1:1: parse error: set operator \"or\" not allowed in binary scalar expression"},
      {"1 unless foo",
       "1:1: parse error: set operator \"unless\" not allowed in binary scalar expression"},
      {"1 or on(bar) foo",
       "1:1: parse error: vector matching only allowed between instant vectors"},
      {"foo == on(bar) 10",
       "1:1: parse error: vector matching only allowed between instant vectors"},
      {"foo + fill(1) 10",
       "1:1: parse error: filling in missing series only allowed between instant vectors"},
      {"foo and fill(1) bar",
       "1:1: parse error: filling in missing series not allowed for set operators"},
      {"foo and on(a) group_left(b) bar",
       "1:1: parse error: no grouping allowed for \"and\" operation"},
      {"foo + on(a) group_left(b, a) bar",
       "1:5: parse error: label \"a\" must not occur in ON and GROUP clause at once"},
  });
  BOOST_TEST(!!Parse("foo + ignoring(a) group_left(a) bar", kOptions));
  BOOST_TEST(!!Parse("1 == bool 1", kOptions));
  BOOST_TEST(!!Parse("1 + on() foo", kOptions));
}

BOOST_AUTO_TEST_CASE(SelectorsMustSelectSomething) {
  const std::string_view all =
      "1:1: parse error: vector selector must contain at least one non-empty matcher";
  CheckErrors({
      {"{}", all},
      {"{__name__=\"\"}", all},
      {"{a=~\".*\"}", all},
      {"{a!=\"b\"}", all},
      {"{a=~\"b*\"}[5m]", all},
      {R"(foo{__name__="x"})",
       R"(1:1: parse error: metric name must not be set twice: "foo" or "x")"},
      {R"(foo{"bar"})", R"(1:1: parse error: metric name must not be set twice: "foo" or "bar")"},
  });
  BOOST_TEST(!!Parse("{a=~\".+\"}", kOptions));
  BOOST_TEST(!!Parse(R"({"foo"})", kOptions));
}

BOOST_AUTO_TEST_CASE(ArgumentsMustFit) {
  CheckErrors({
      {"rate()", R"(1:1: parse error: expected 1 argument(s) in call to "rate", got 0)"},
      {"rate(foo[5m], 1)", R"(1:1: parse error: expected 1 argument(s) in call to "rate", got 2)"},
      {"round()", R"(1:1: parse error: expected at least 1 argument(s) in call to "round", got 0)"},
      {"round(a, 1, 2)",
       R"(1:1: parse error: expected at most 2 argument(s) in call to "round", got 3)"},
      {"hour(a, b)",
       R"(1:1: parse error: expected at most 1 argument(s) in call to "hour", got 2)"},
      {"label_join(a, \"b\")",
       R"(1:1: parse error: expected at least 3 argument(s) in call to "label_join", got 2)"},
      {"label_join(a, \"b\", \"c\", \"d\", 5)",
       R"(1:30: parse error: expected type string in call to function "label_join", got scalar)"},
      {"rate(foo)",
       R"(1:6: parse error: expected type range vector in call to function "rate", got instant vector)"},
      {"abs(foo[5m])",
       R"(1:5: parse error: expected type instant vector in call to function "abs", got range vector)"},
      {"sum(foo[5m])",
       "1:5: parse error: expected type instant vector in aggregation expression, got range "
       "vector"},
      {"topk(\"x\", foo)",
       "1:6: parse error: expected type scalar in aggregation parameter, got string"},
      {"count_values(1, foo)",
       "1:14: parse error: expected type string in aggregation parameter, got scalar"},
      {"topk(foo, 1)",
       "1:11: parse error: expected type instant vector in aggregation expression, got scalar"},
  });
  BOOST_TEST(!!Parse("hour()", kOptions));
  BOOST_TEST(!!Parse("label_join(a, \"b\", \"c\")", kOptions));
  BOOST_TEST(!!Parse("label_join(a, \"b\", \"c\", \"d\", \"e\", \"f\")", kOptions));
}

BOOST_AUTO_TEST_CASE(InfoTakesLabelSelectors) {
  CheckErrors({
      {"info(foo, bar)",
       "1:11: parse error: expected label selectors only, got vector selector instead"},
      {"info(foo, (bar))", "1:11: parse error: expected label selectors only"},
      {"info(foo, 1)",
       R"(1:1: parse error: expected type instant vector in call to function "info", got scalar)"},
      {"info({}, {})",
       "1:6: parse error: vector selector must contain at least one non-empty matcher"},
  });
  BOOST_TEST(!!Parse("info(foo, {})", kOptions));
  BOOST_TEST(!!Parse("info(foo, {a=~\".*\"})", kOptions));
}

BOOST_AUTO_TEST_CASE(MatchingIsMadePlain) {
  const ParseResult set = Parse("foo and on(a) bar", kOptions);
  BOOST_TEST_REQUIRE(!!set);
  const VectorMatching& matching = std::get<Binary>(set.query->root->node).matching;
  BOOST_TEST((matching.cardinality == Cardinality::kManyToMany));
  BOOST_TEST(matching.on);
  const ParseResult scalar = Parse("foo + on() group_left() 1", kOptions);
  BOOST_TEST_REQUIRE(!!scalar);
  BOOST_TEST(!std::get<Binary>(scalar.query->root->node).matching.on);
}

/// The ids of `expr` and of all below, with their depths; fails if a parent comes before a child.
void Collect(const Expr& expr, std::map<std::uint32_t, const Expr*>& ids) {
  const auto visit = [&](const ExprPtr& child) {
    if (child == nullptr) return;
    BOOST_TEST(child->id < expr.id);
    Collect(*child, ids);
  };
  if (const auto* binary = std::get_if<Binary>(&expr.node)) {
    visit(binary->lhs);
    visit(binary->rhs);
  } else if (const auto* call = std::get_if<Call>(&expr.node)) {
    for (const ExprPtr& argument : call->args) visit(argument);
  } else if (const auto* aggregate = std::get_if<Aggregate>(&expr.node)) {
    visit(aggregate->expr);
    visit(aggregate->parameter);
  } else if (const auto* paren = std::get_if<Paren>(&expr.node)) {
    visit(paren->expr);
  } else if (const auto* unary = std::get_if<Unary>(&expr.node)) {
    visit(unary->expr);
  } else if (const auto* subquery = std::get_if<Subquery>(&expr.node)) {
    visit(subquery->expr);
  }
  BOOST_TEST(ids.emplace(expr.id, &expr).second);
}

BOOST_AUTO_TEST_CASE(IdsCountFromZeroChildrenFirst) {
  const ParseResult result =
      Parse("topk(1 + 2, -(rate(a[5m]) / on() b)) or max_over_time(c[1h:])", kOptions);
  BOOST_TEST_REQUIRE(!!result);
  std::map<std::uint32_t, const Expr*> ids;
  Collect(*result.query->root, ids);
  BOOST_TEST(result.query->node_count == 14U);
  BOOST_TEST(ids.size() == 14U);
  BOOST_TEST(ids.rbegin()->first == 13U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql
