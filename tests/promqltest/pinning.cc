#include "tests/promqltest/pinning.h"

#include <algorithm>
#include <array>

#include "rules/promql/functions.h"
#include "rules/promql/printer.h"

namespace tocsin::promql {
namespace {

/// Of 3.14: the functions whose result depends on when they are evaluated, whatever their
/// arguments.
constexpr std::array<std::string_view, 15> kLookAtTheTime = {
    "days_in_month", "day_of_month", "day_of_week", "day_of_year", "end",
    "hour",          "minute",       "month",       "year",        "predict_linear",
    "range",         "start",        "step",        "time",        "timestamp"};

bool IsInfo(const Call& call) {
  return call.function->name == "info";
}

/// Puts `@` to what is not pinned yet.
class Pinner {
 public:
  explicit Pinner(Millis at) : at_(at) {}

  bool looks_at_the_time() const { return looks_at_the_time_; }

  void Pin(Expr& expr) {
    std::visit([this](auto& node) { Visit(node); }, expr.node);
  }

 private:
  void Visit(NumberLiteral& /*unused*/) {}
  void Visit(StringLiteral& /*unused*/) {}
  void Visit(VectorSelector& selector) { Pin(selector.time.at); }
  void Visit(MatrixSelector& selector) { Pin(selector.selector.time.at); }
  void Visit(Subquery& subquery) {
    Pin(subquery.time.at);
    ++inside_subqueries_;
    Pin(*subquery.expr);
    --inside_subqueries_;
  }
  void Visit(Call& call) {
    looks_at_the_time_ |=
        std::ranges::find(kLookAtTheTime, call.function->name) != kLookAtTheTime.end();
    for (std::size_t i = 0; i < call.args.size(); ++i) {
      // info()'s second argument says which labels to add, not when to read them.
      if (i == 0 || !IsInfo(call)) Pin(*call.args[i]);
    }
  }
  void Visit(Aggregate& aggregate) {
    Pin(*aggregate.expr);
    if (aggregate.parameter) Pin(*aggregate.parameter);
  }
  void Visit(Binary& binary) {
    Pin(*binary.lhs);
    Pin(*binary.rhs);
  }
  void Visit(Unary& unary) { Pin(*unary.expr); }
  void Visit(Paren& paren) { Pin(*paren.expr); }

  void Pin(AtModifier& modifier) const {
    switch (modifier.kind) {
      case AtModifier::Kind::kTime: return;
      case AtModifier::Kind::kNone:
        // The subquery, which is pinned, says when.
        if (inside_subqueries_ > 0) return;
        break;
      case AtModifier::Kind::kStart:
      case AtModifier::Kind::kEnd: break;
    }
    modifier = {AtModifier::Kind::kTime, at_};
  }

  const Millis at_;
  int inside_subqueries_ = 0;
  bool looks_at_the_time_ = false;
};

class SelectorCollector {
 public:
  void Collect(const Expr& expr) {
    std::visit([this](const auto& node) { Visit(node); }, expr.node);
  }
  std::vector<std::vector<Matcher>> Take() { return std::move(selectors_); }

 private:
  void Visit(const NumberLiteral& /*unused*/) {}
  void Visit(const StringLiteral& /*unused*/) {}
  void Visit(const VectorSelector& selector) { selectors_.push_back(selector.matchers); }
  void Visit(const MatrixSelector& selector) { Visit(selector.selector); }
  void Visit(const Subquery& subquery) { Collect(*subquery.expr); }
  void Visit(const Call& call) {
    for (const ExprPtr& argument : call.args) Collect(*argument);
    if (!IsInfo(call)) return;
    if (call.args.size() == 1) selectors_.emplace_back();
    auto& matchers = selectors_.back();
    const auto names_metric = [](const Matcher& matcher) {
      return matcher.name().text() == kMetricNameLabel;
    };
    if (std::ranges::any_of(matchers, names_metric)) return;
    matchers.push_back(*Matcher::Make(MatchType::kEqual, kMetricNameLabel, "target_info"));
  }
  void Visit(const Aggregate& aggregate) {
    Collect(*aggregate.expr);
    if (aggregate.parameter) Collect(*aggregate.parameter);
  }
  void Visit(const Binary& binary) {
    Collect(*binary.lhs);
    Collect(*binary.rhs);
  }
  void Visit(const Unary& unary) { Collect(*unary.expr); }
  void Visit(const Paren& paren) { Collect(*paren.expr); }

  std::vector<std::vector<Matcher>> selectors_;
};

}  // namespace

std::optional<std::string> PinnedTo(Millis at, Query query) {
  Pinner pinner(at);
  pinner.Pin(*query.root);
  if (pinner.looks_at_the_time()) return std::nullopt;
  return Print(*query.root);
}

std::vector<Millis> OtherMoments(Millis at) {
  if (at == 0) return {-1000, 0, 1000};
  return {-10 * at, 0, at / 5, at, 10 * at};
}

bool AsksForItsSteps(std::string_view expr) {
  constexpr std::array<std::string_view, 4> kQuestions = {"start()", "end()", "range()", "step()"};
  return std::ranges::any_of(kQuestions, [&](std::string_view question) {
    return expr.find(question) != std::string_view::npos;
  });
}

std::vector<std::vector<Matcher>> SelectorsOf(const Query& query) {
  SelectorCollector collector;
  collector.Collect(*query.root);
  return collector.Take();
}

}  // namespace tocsin::promql
