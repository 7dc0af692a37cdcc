#include "tests/promqltest/check.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rules/promql/parser.h"
#include "tests/promqltest/comparison.h"
#include "tests/promqltest/pinning.h"

namespace tocsin::promql {
namespace {

constexpr Millis kMinute = 60'000;

/// One way to ask for what a case expects.
struct Question {
  std::string expr;
  Steps steps;
  bool range = false;
  Millis end = 0;  ///< Of a range query, at its last step or shortly behind.

  std::string ToString() const {
    const std::string at = std::to_string(steps.start) + " ms";
    if (!range) return "instant query at " + at + ": " + expr;
    return "range query from " + at + " to " + std::to_string(end) + " ms: " + expr;
  }
};

/// Either a result or why there is none.
struct Answer {
  std::optional<Found> found;
  std::set<std::string> warnings;
  std::set<std::string> infos;
  /// What may count as the error's message: with the place in the expression and without.
  std::vector<std::string> error;

  std::string ToString() const {
    std::string text = found ? found->ToString() : "error: " + error.back() + '\n';
    for (const auto* const annotations : {&warnings, &infos}) {
      for (const std::string& annotation : *annotations) text += annotation + '\n';
    }
    return text;
  }
};

Answer Ask(const Engine& engine, const Question& question) {
  Answer answer;
  auto prepared = engine.Prepare(question.expr);
  if (const auto* const error = std::get_if<ParseError>(&prepared)) {
    answer.error = {error->message, error->ToString(question.expr)};
    return answer;
  }
  auto& query = std::get<PreparedQuery>(prepared);
  Engine::Options options;
  if (question.range) options.end = question.end;
  const QueryOutcome outcome = question.range
                                   ? engine.Range(query, question.steps, options)
                                   : engine.Instant(query, question.steps.start, options);
  if (!outcome) {
    answer.error = {outcome.error().message};
    return answer;
  }
  answer.found = Simplify(*outcome, question.range);
  answer.warnings = outcome->warnings;
  answer.infos = outcome->infos;
  return answer;
}

/// The difference in whether it failed, and how.
std::optional<std::string> FailureDifference(const EvalCommand& eval, const Answer& answer) {
  if (!eval.fail) {
    if (answer.found) return std::nullopt;
    return "expected a result, got an error";
  }
  if (answer.found) return "expected an error, got a result";
  const auto matches = [&](const std::string& text) { return eval.fail->Matches(text); };
  if (std::ranges::any_of(answer.error, matches)) return std::nullopt;
  return "expected an error with " + eval.fail->description();
}

class Checker {
 public:
  Checker(const Engine& engine, const EvalCommand& eval) : engine_(engine), eval_(eval) {}

  std::optional<std::string> Run() {
    const Question question{eval_.expr, eval_.steps, eval_.range, eval_.end};
    const Answer answer = Ask(engine_, question);
    auto difference = Compare(answer);
    if (difference) return Describe(*difference, question, answer);
    if (eval_.range) return std::nullopt;
    if ((difference = CompareMiddle(question, answer))) return difference;
    return RunPinned();
  }

 private:
  std::optional<std::string> RunPinned() {
    ParseResult parsed = Parse(eval_.expr, {.experimental = true});
    if (!parsed) return std::nullopt;  // As expected, or the query would have failed already.
    const auto pinned = PinnedTo(eval_.steps.start, std::move(*parsed.query));
    if (!pinned) return std::nullopt;
    for (const Millis at : OtherMoments(eval_.steps.start)) {
      const Question question{*pinned, {.start = at}, /*range=*/false};
      const Answer answer = Ask(engine_, question);
      auto difference = Compare(answer);
      if (difference) return Describe(*difference, question, answer);
      if ((difference = CompareMiddle(question, answer))) return difference;
    }
    return std::nullopt;
  }

  std::optional<std::string> Compare(const Answer& answer) const {
    if (auto difference = FailureDifference(eval_, answer)) return difference;
    if (!answer.found) return std::nullopt;
    if (auto difference = CompareAnnotations(answer)) return difference;
    return Difference(eval_, *answer.found);
  }

  /// Their texts tell the place in the expression, which pinning does not move: in scripts, what is
  /// complained of comes first.
  std::optional<std::string> CompareAnnotations(const Answer& answer) const {
    auto difference = Difference(eval_.warnings, answer.warnings, "warning");
    return difference ? difference : Difference(eval_.infos, answer.infos, "info");
  }

  /// Asks a range query that has the moment of `instant`, which was answered already, in its
  /// middle.
  std::optional<std::string> CompareMiddle(const Question& instant,
                                           const Answer& instant_answer) const {
    const bool only_instant = eval_.ordered || eval_.range_vector || eval_.string;
    if (only_instant || AsksForItsSteps(instant.expr)) return std::nullopt;
    if (!instant_answer.found) return std::nullopt;
    const Millis at = instant.steps.start;
    const Question question{instant.expr, {at - kMinute, kMinute, 3}, /*range=*/true, at + kMinute};
    const Answer answer = Ask(engine_, question);
    if (!answer.found) return Describe("expected a result, got an error", question, answer);
    const bool scalar = instant_answer.found->kind == Found::Kind::kScalar;
    const auto difference = Difference(eval_, AtMoment(*answer.found, at, scalar));
    if (!difference) return std::nullopt;
    return Describe(*difference, question, answer);
  }

  static std::string Indented(std::string_view text) {
    std::string indented;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      indented.append("    ").append(text.substr(0, end)).append("\n");
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return indented;
  }

  static std::string Describe(std::string_view difference, const Question& question,
                              const Answer& answer) {
    return std::string(difference) + "\n  " + question.ToString() + "\n  gave\n" +
           Indented(answer.ToString());
  }

  const Engine& engine_;
  const EvalCommand& eval_;
};

}  // namespace

std::optional<std::string> Check(const Engine& engine, const EvalCommand& eval) {
  return Checker(engine, eval).Run();
}

}  // namespace tocsin::promql
