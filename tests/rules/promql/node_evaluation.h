// Evaluates one aggregation or binary operator over vectors written as text, without a store.

#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <sstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/number.h"
#include "rules/promql/aggregation.h"
#include "rules/promql/binary.h"
#include "rules/promql/parser.h"
#include "tests/support/fake_clock.h"

namespace tocsin::promql {

/// A series per line: `up{job="a"} 1 _ NaN`, a value per step, `_` for none. A line that begins
/// with ! is a series whose name is to be dropped. Labels contain no spaces.
inline Block ReadVector(const std::string& text) {
  Shape shape;
  std::vector<std::uint8_t> flags;
  std::vector<double> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word)) continue;
    flags.push_back(word[0] == '!' ? 1 : 0);
    const Result<Labels> labels = ParseSeriesName(std::string_view(word).substr(flags.back()));
    BOOST_REQUIRE_MESSAGE(labels, word);
    shape.labels.push_back(*labels);
    while (words >> word) values.push_back(word == "_" ? kAbsent : ParseNumber(word).value());
  }
  const std::size_t series = shape.size();
  if (std::find(flags.begin(), flags.end(), 1) != flags.end()) shape.drop_name = flags;
  Block block(std::make_shared<const Shape>(std::move(shape)),
              series == 0 ? 1 : values.size() / series);
  block.values = std::move(values);
  return block;
}

/// The opposite, in the order of the block; series without any value are left out.
inline std::string ShowVector(const Block& block) {
  std::string text;
  for (std::size_t n = 0; n < block.shape->size(); ++n) {
    const std::size_t series = block.order.empty() ? n : block.order[n];
    bool any = false;
    std::string line = block.shape->drops_name(series) ? "!" : "";
    line += block.shape->labels[series].ToString();
    for (std::size_t i = 0; i < block.steps; ++i) {
      const double v = block.at(series, i);
      any = any || IsPresent(v);
      line += ' ' + (IsPresent(v) ? FormatNumber(v) : "_");
    }
    if (any) text += line + '\n';
  }
  return text;
}

/// One node and what it remembers between evaluations.
class NodeEvaluation {
 public:
  explicit NodeEvaluation(std::string text, Features features = {})
      : text_(std::move(text)), features_(features), parsed_(Parse(text_, {.experimental = true})) {
    BOOST_REQUIRE_MESSAGE(parsed_, text_ << ": " << parsed_.error.ToString(text_));
  }

  /// The result as text, or "error: <message>". The operands are selectors of `vectors` by name,
  /// scalar(NAME), numbers and strings.
  std::string Run(const std::map<std::string, Block>& vectors) {
    const Result<Operand> result = Evaluate(vectors);
    if (!result) return "error: " + result.error().message;
    if (const auto* block = std::get_if<Block>(&*result)) {
      shape_ = block->shape;
      return ShowVector(*block);
    }
    std::string text;
    for (const double v : std::get<ScalarColumn>(*result).values) text += FormatNumber(v) + ' ';
    return text;
  }

  /// Of the last vector that Run() gave.
  const ShapePtr& shape() const { return shape_; }
  const std::set<std::string>& warnings() const { return annotations_.warnings(); }
  const std::set<std::string>& infos() const { return annotations_.infos(); }

 private:
  Result<Operand> Evaluate(const std::map<std::string, Block>& vectors) {
    steps_ = 1;  // A vector without series is of no other length.
    for (const auto& [name, vector] : vectors) steps_ = std::max(steps_, vector.steps);
    const Steps steps{0, 60'000, steps_};
    Budget budget(1'000'000, SteadyPoint::max(), clock_, std::stop_token());
    const Context context{steps, features_, annotations_, budget};
    const Expr& root = *parsed_.query->root;
    if (const auto* binary = std::get_if<Binary>(&root.node)) {
      return EvaluateBinary(root, *binary, Get(*binary->lhs, vectors), Get(*binary->rhs, vectors),
                            memo_, context);
    }
    const auto& aggregate = std::get<Aggregate>(root.node);
    Operand parameter;
    if (aggregate.parameter) parameter = Get(*aggregate.parameter, vectors);
    Result<Block> block =
        EvaluateAggregate(root, aggregate, std::get<Block>(Get(*aggregate.expr, vectors)),
                          aggregate.parameter ? &parameter : nullptr, memo_, context);
    if (!block) return block.error();
    return Operand(std::move(*block));
  }

  Operand Get(const Expr& expr, const std::map<std::string, Block>& vectors) const {
    const Expr& operand = StripParens(expr);
    if (const auto* number = std::get_if<NumberLiteral>(&operand.node)) {
      return ScalarColumn{std::vector<double>(steps_, number->value)};
    }
    if (const auto* unary = std::get_if<Unary>(&operand.node)) {
      ScalarColumn column = std::get<ScalarColumn>(Get(*unary->expr, vectors));
      for (double& v : column.values) v = unary->minus ? -v : v;
      return column;
    }
    if (const auto* text = std::get_if<StringLiteral>(&operand.node)) return text->value;
    if (const auto* call = std::get_if<Call>(&operand.node)) {
      return ScalarColumn{std::get<Block>(Get(*call->args[0], vectors)).values};
    }
    return vectors.at(std::get<VectorSelector>(operand.node).name);
  }

  std::string text_;
  Features features_;
  ParseResult parsed_;
  FakeClock clock_;
  Memo memo_;
  Annotations annotations_{text_};
  std::size_t steps_ = 1;
  ShapePtr shape_;
};

}  // namespace tocsin::promql
