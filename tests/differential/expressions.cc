#include "tests/differential/expressions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tests/differential/samples.h"
#include "tests/differential/vocabulary.h"

namespace tocsin::promql {
namespace {

class Generator {
 public:
  Generator(std::uint64_t seed, std::uint64_t number)
      : random_(seed * 0x9e3779b97f4a7c15U + number) {}

  GeneratedQuery Make() {
    GeneratedQuery query;
    // Seven seconds after a multiple of ten: no subquery's point is there, nor is one at the
    // beginning of any range, all of which are multiples of ten seconds.
    query.steps.start = kDataStart + 7000 + random_.Between(360, 715) * 10'000;
    query.range = is_range_ = random_.OneIn(3);
    if (query.range) {
      query.steps.step = random_.Between(1, 30) * 10'000;
      query.steps.count = static_cast<std::size_t>(random_.Between(1, 20));
    }
    const std::size_t depth = 1 + random_.Below(4);
    if (random_.OneIn(25)) {
      query.expr = Scalar(depth).text;
    } else if (!query.range && random_.OneIn(20)) {
      query.ordered = true;
      query.expr = Concat({random_.OneIn(2) ? "sort(" : "sort_desc(", words_.Distinct(), ")"});
    } else {
      query.expr = MakeVector(depth).text;
    }
    return query;
  }

 private:
  // --- Small things

  /// Whether what is made now will be evaluated at several steps at once.
  bool HasSeveralSteps() const { return is_range_ || subqueries_ > 0; }

  // --- Scalars

  struct ScalarText {
    std::string text;
    bool exact = true;
  };

  ScalarText Scalar(std::size_t depth) {
    switch (random_.Below(depth == 0 ? 3 : 7)) {
      case 0:
      case 1: return {words_.Number()};
      case 2: return {"time()"};
      case 3: {
        const Vector vector = MakeVector(depth - 1);
        return {"scalar(" + vector.text + ')', vector.exact};
      }
      case 4: return {words_.Arithmetic(), /*exact=*/false};
      case 5: return {"pi()", /*exact=*/false};
      default: {
        constexpr std::array<std::string_view, 3> kComparisons = {" > bool ", " <= bool ",
                                                                  " == bool "};
        return {Concat(
            {"(", words_.Number(), std::string(random_.From(kComparisons)), words_.Number(), ")"})};
      }
    }
  }

  // --- Functions of ranges

  Vector RangeFunction(std::size_t depth) {
    if (random_.OneIn(3)) return CounterFunction();
    struct Row {
      std::string_view name;
      bool exact;
      bool keeps_name = false;
    };
    static constexpr std::array<Row, 14> kFunctions = {
        Row{"avg_over_time", false},    Row{"min_over_time", true},
        Row{"max_over_time", true},     Row{"sum_over_time", true},
        Row{"count_over_time", true},   Row{"last_over_time", true, true},
        Row{"present_over_time", true}, Row{"stddev_over_time", false},
        Row{"stdvar_over_time", false}, Row{"quantile_over_time", false},
        Row{"changes", true},           Row{"deriv", false},
        Row{"predict_linear", false},   Row{"idelta", true}};
    const Row& row = random_.From(kFunctions);
    Vector argument = Range(depth);
    // Of values that hardly differ, these are made of rounding errors.
    const bool delicate = row.name != "avg_over_time" && row.name != "quantile_over_time";
    if (!argument.exact && delicate) return Count(argument);
    // Prometheus 2 moves the window on in spite of `@`.
    const bool pinned = argument.text.find('@') != std::string::npos;
    if (row.name == "predict_linear" && HasSeveralSteps() && pinned) return Count(argument);
    Vector result = argument;
    result.exact = argument.exact && row.exact;
    result.text = std::string(row.name) + '(';
    if (row.name == "quantile_over_time") result.text += words_.Quantile() + ", ";
    result.text += argument.text;
    if (row.name == "predict_linear") result.text += ", 600";
    result.text += ')';
    return result;
  }

  static Vector Count(const Vector& range) {
    Vector result = range;
    result.text = "count_over_time(" + range.text + ')';
    result.exact = true;
    return result;
  }

  /// Functions for counters, of series without gaps, or with such large values that no
  /// extrapolation reaches zero.
  Vector CounterFunction() {
    struct Row {
      std::string_view name;
      bool exact;
    };
    static constexpr std::array<Row, 5> kFunctions = {Row{"rate", false}, Row{"increase", false},
                                                      Row{"irate", false}, Row{"resets", true},
                                                      Row{"delta", false}};
    const Row& row = random_.From(kFunctions);
    const Metric* metric = &random_.From(Metrics());
    while (!metric->counter) metric = &random_.From(Metrics());
    Vector result = words_.Selector(*metric);
    result.exact = row.exact;
    result.text = Concat({std::string(row.name), "(", result.text, "[", words_.Duration(), "]",
                          words_.Modifiers(), ")"});
    return result;
  }

  /// A range vector; the value of `exact` and so on is that of its samples.
  Vector Range(std::size_t depth) {
    if (depth > 1 && random_.OneIn(3)) {
      ++subqueries_;
      Vector vector = MakeVector(depth - 1);
      --subqueries_;
      if (!vector.finite || vector.HasSeveralNames()) vector = words_.AnySelector();
      vector.text = Concat({Operand(vector), "[", words_.SubqueryRange(subqueries_ > 0), ":",
                            words_.SubqueryStep(), "]", words_.Modifiers()});
      return vector;
    }
    Vector vector = words_.AnySelector();
    vector.text = Concat({vector.text, "[", words_.Duration(), "]", words_.Modifiers()});
    return vector;
  }

  // --- Functions of vectors

  static std::string Operand(const Vector& vector) {
    return vector.atom ? vector.text : '(' + vector.text + ')';
  }

  Vector MathFunction(std::size_t depth) {
    struct Row {
      std::string_view name;
      bool rounds;  ///< Makes a small difference large.
      bool exact;
      bool finite;
    };
    static constexpr std::array<Row, 16> kFunctions = {
        Row{"abs", false, true, true},     Row{"ceil", true, true, true},
        Row{"floor", true, true, true},    Row{"sgn", true, true, true},
        Row{"sqrt", false, false, false},  Row{"exp", false, false, false},
        Row{"ln", false, false, false},    Row{"log2", false, false, false},
        Row{"log10", false, false, false}, Row{"deg", false, false, true},
        Row{"rad", false, false, true},    Row{"atan", false, false, true},
        Row{"tanh", false, false, true},   Row{"asinh", false, false, true},
        Row{"cosh", false, false, false},  Row{"acos", false, false, false}};
    const Row& row = random_.From(kFunctions);
    const Vector argument = row.exact || row.rounds ? Exact(depth) : MakeVector(depth);
    Vector result = argument;
    result.text = std::string(row.name) + '(' + argument.text + ')';
    result.exact = argument.exact && row.exact;
    result.finite = argument.finite && row.finite;
    result.atom = true;
    // The logarithm of what is nearly one, and the like, are differences in disguise.
    if (!row.finite && !argument.exact) return argument;
    return result;
  }

  Vector OtherFunction(std::size_t depth) {
    Vector argument = Exact(depth);
    Vector result = argument;
    result.atom = true;
    switch (random_.Below(8)) {
      case 0: result.text = "clamp(" + argument.text + ", " + words_.Number() + ", 5000)"; break;
      case 1: result.text = "clamp_min(" + argument.text + ", " + words_.Number() + ')'; break;
      case 2: result.text = "clamp_max(" + argument.text + ", " + words_.Number() + ')'; break;
      case 3: result.text = "round(" + argument.text + (random_.OneIn(2) ? ")" : ", 8)"); break;
      case 4:
        result.text = "timestamp(" + InstantSelectorOf(result) + ')';
        result.exact = false;  // No eighths of seconds: sums are rounded.
        break;
      case 5: {
        constexpr std::array<std::string_view, 8> kDates = {
            "hour",        "minute",       "month",       "year",
            "day_of_week", "day_of_month", "day_of_year", "days_in_month"};
        result.text = Concat({std::string(random_.From(kDates)), "(timestamp(",
                              InstantSelectorOf(result), ") * 7)"});
        break;
      }
      case 6:
        result.text =
            "label_replace(" + argument.text + R"re(, "copy", "$1-x", "job", "(a.*|w.*)"))re";
        result.labels.insert(std::ranges::lower_bound(result.labels, "copy"), "copy");
        break;
      default:
        result.text = "label_join(" + argument.text + R"(, "joined", "/", "job", "instance"))";
        result.labels.insert(std::ranges::lower_bound(result.labels, "joined"), "joined");
        break;
    }
    return result;
  }

  /// A selector, and in `vector` what is known of the values that timestamp() computes of it. With
  /// either `offset` or `@`: of both, Prometheus 2 forgets one.
  std::string InstantSelectorOf(Vector& vector) {
    Vector selector = words_.AnySelector();
    selector.text += random_.OneIn(2) ? words_.Offset() : words_.At();
    vector.labels = selector.labels;
    vector.exact = vector.finite = true;
    return selector.text;
  }

  Vector Absent(std::size_t depth) {
    Vector result;
    if (random_.OneIn(2)) {
      result.text = "absent(" + MakeVector(depth).text + ')';
    } else {
      result.text = "absent_over_time(" + Range(depth).text + ')';
    }
    return result;
  }

  Vector HistogramQuantile() {
    Vector result;
    result.exact = false;
    result.finite = false;
    result.labels = {"instance", "job"};
    const std::string rate = Concat({"rate(latency_bucket", random_.OneIn(2) ? "{job=\"api\"}" : "",
                                     "[", words_.Duration(), "]", words_.Modifiers(), ")"});
    switch (random_.Below(3)) {
      case 0: result.text = rate; break;
      case 1:
        result.labels = {"job"};
        result.text = "sum by (job, le) (" + rate + ')';
        break;
      default: result.text = "latency_bucket"; break;
    }
    result.text = "histogram_quantile(" + words_.Quantile() + ", " + result.text + ')';
    return result;
  }

  // --- Aggregations

  /// `by (...)` or `without (...)`, and in `labels` what is left of them. Empty: everything.
  std::string Grouping(Names& labels, bool only_without) {
    if (random_.OneIn(3)) {
      labels.clear();
      return "";
    }
    Names chosen, rest;
    for (const std::string_view name : labels) (random_.OneIn(2) ? chosen : rest).push_back(name);
    const bool by = !only_without && random_.OneIn(2);
    labels = by ? chosen : rest;
    return (by ? " by (" : " without (") + Join(chosen) + ") ";
  }

  /// Whether count_values() finds the same texts. A sum of negative zeros is a positive one since
  /// sums are compensated.
  static bool Countable(const Vector& vector) {
    return vector.exact && vector.finite && vector.text.find('-') == std::string::npos;
  }

  Vector Aggregation(std::size_t depth) {
    struct Row {
      std::string_view name;
      bool exact;
    };
    static constexpr std::array<Row, 12> kAggregations = {
        Row{"sum", true},     Row{"min", true},     Row{"max", true},
        Row{"count", true},   Row{"avg", false},    Row{"group", true},
        Row{"stddev", false}, Row{"stdvar", false}, Row{"quantile", false},
        Row{"topk", true},    Row{"bottomk", true}, Row{"count_values", true}};
    const Row& row = random_.From(kAggregations);
    Vector argument = MakeVector(depth);
    const bool choosy = row.name == "topk" || row.name == "bottomk";
    if (choosy) {
      argument = {.text = words_.Distinct(), .labels = {"instance", "job"}};
    } else if (row.name == "count_values" && !Countable(argument)) {
      argument = words_.Selector(SteadyMetric());
    } else if (row.name == "stddev" || row.name == "stdvar") {
      // Of large values that hardly differ, the order of the additions decides.
      argument = words_.Selector(RestlessMetric(random_));
    } else if (!argument.finite) {
      argument = words_.InstantSelector();
    }
    Vector result = argument;
    Names left = argument.labels;
    // Prometheus 2 gets the groups of count_values wrong from the second step on.
    const bool without = row.name == "count_values" && HasSeveralSteps();
    const std::string grouping = Grouping(left, without);
    std::string parameter;
    if (choosy) parameter = std::to_string(random_.Between(1, 4)) + ", ";
    if (row.name == "quantile") parameter = words_.Quantile() + ", ";
    if (row.name == "count_values") {
      parameter = "\"value\", ";
      left.push_back("value");
    }
    if (!choosy) result.labels = left;
    const std::string arguments = '(' + parameter + argument.text + ')';
    result.text = std::string(row.name);
    result.text += random_.OneIn(4) ? arguments + grouping : grouping + arguments;
    const bool counts = row.name == "count" || row.name == "group";
    result.exact = counts || (row.exact && argument.exact);
    result.atom = true;
    return result;
  }

  // --- Operators

  Vector WithScalar(std::size_t depth) {
    constexpr std::array<std::string_view, 5> kOperators = {" + ", " - ", " * ", " / ", " % "};
    const std::string_view op = random_.From(kOperators);
    // Sums of what has been rounded, and remainders, may be small differences of large numbers.
    const bool delicate = op != " * " && op != " / ";
    Vector vector = delicate ? Exact(depth) : MakeVector(depth);
    ScalarText scalar = Scalar(depth > 1 ? 1 : 0);
    if (delicate && !scalar.exact) scalar = {words_.Number()};
    Vector result = vector;
    result.text = random_.OneIn(4) ? scalar.text + std::string(op) + Operand(vector)
                                   : Operand(vector) + std::string(op) + scalar.text;
    result.exact = vector.exact && scalar.exact && op != " / " && op != " * ";
    result.finite = false;
    result.atom = false;
    return result;
  }

  Vector Filter(std::size_t depth) {
    constexpr std::array<std::string_view, 6> kComparisons = {
        " > ", " < ", " >= ", " <= ", " == ", " != "};
    Vector vector = Exact(depth);
    const bool returns_bool = random_.OneIn(4);
    Vector result = vector;
    result.text = Concat({Operand(vector), std::string(random_.From(kComparisons)),
                          returns_bool ? "bool " : "", words_.Number()});
    result.finite = vector.finite || returns_bool;
    result.atom = false;
    return result;
  }

  /// `on (...)` and the like that fit the labels of both sides, as a rule. The labels of the result
  /// are those of the left side.
  std::string Matching(const Vector& left, const Vector& right) {
    if (left.labels == right.labels) return random_.OneIn(3) ? "" : On(left.labels);
    if (Includes(left.labels, right.labels)) return On(right.labels) + " group_left ";
    const Names common = Common(left.labels, right.labels);
    return random_.OneIn(4) ? On(common) : On(common) + " group_left ";
  }

  std::string On(const Names& labels) { return " on (" + Join(labels) + ")"; }

  Vector TwoVectors(std::size_t depth) {
    Vector left = MakeVector(depth);
    Vector right = MakeVector(depth);
    // So that more of the pairs have something to say to each other.
    if (random_.OneIn(2)) right = Relative(left, depth);
    constexpr std::array<std::string_view, 4> kArithmetic = {" * ", " / ", " + ", " - "};
    const bool both_exact = left.exact && right.exact;
    const std::string_view op = kArithmetic[random_.Below(both_exact ? 4 : 2)];
    Vector result = left;
    result.text =
        Operand(left) + std::string(op.substr(0, 2)) + Matching(left, right) + ' ' + Operand(right);
    result.exact = both_exact && op != " / " && op != " * ";
    result.finite = false;
    result.atom = false;
    return result;
  }

  /// An aggregation of what `left` may be of, over fewer labels.
  Vector Relative(const Vector& left, std::size_t depth) {
    Vector right = MakeVector(depth);
    const Names common = Common(left.labels, right.labels);
    Vector result = right;
    result.labels = common;
    result.text = "max by (" + Join(common) + ") (" + right.text + ')';
    result.atom = true;
    return result;
  }

  Vector Compared(std::size_t depth) {
    constexpr std::array<std::string_view, 6> kComparisons = {
        " > ", " < ", " >= ", " <= ", " == ", " != "};
    const Vector left = Exact(depth);
    const Vector right = Relative(Exact(depth), depth);
    if (!right.exact || left.labels != right.labels) return Filter(depth);
    const bool returns_bool = random_.OneIn(3);
    Vector result = left;
    result.text = Operand(left) + std::string(random_.From(kComparisons)) +
                  (returns_bool ? "bool " : "") + Operand(right);
    result.atom = false;
    return result;
  }

  Vector Set(std::size_t depth) {
    constexpr std::array<std::string_view, 3> kOperators = {" and", " or", " unless"};
    const Vector left = MakeVector(depth);
    const Vector right = MakeVector(depth);
    const std::string_view op = random_.From(kOperators);
    std::string matching;
    if (random_.OneIn(2)) {
      matching = On(Common(left.labels, right.labels));
    }
    Vector result = left;
    result.text = Operand(left) + std::string(op) + matching + ' ' + Operand(right);
    if (op == " or") {
      result.exact = left.exact && right.exact;
      result.finite = left.finite && right.finite;
      if (left.labels != right.labels) result.labels.clear();
    }
    result.atom = false;
    return result;
  }

  Vector Negated(std::size_t depth) {
    Vector vector = MakeVector(depth);
    if (vector.HasSeveralNames()) return vector;
    vector.text = '-' + Operand(vector);
    vector.atom = false;
    return vector;
  }

  // --- All of it

  /// One that both engines compute bit for bit.
  Vector Exact(std::size_t depth) {
    for (int attempt = 0; attempt < 4; ++attempt) {
      Vector vector = MakeVector(depth);
      if (vector.exact && vector.finite) return vector;
    }
    return words_.InstantSelector();
  }

  Vector MakeVector(std::size_t depth) {
    if (depth == 0) return words_.InstantSelector();
    const std::size_t below = depth - 1;
    switch (random_.Below(16)) {
      case 0: return words_.InstantSelector();
      case 1:
      case 2:
      case 3: return Aggregation(below);
      case 4:
      case 5:
      case 6: return RangeFunction(below);
      case 7: return MathFunction(below);
      case 8: return OtherFunction(below);
      case 9: return WithScalar(below);
      case 10: return Filter(below);
      case 11: return TwoVectors(below);
      case 12: return Compared(below);
      case 13: return Set(below);
      case 14: return random_.OneIn(2) ? HistogramQuantile() : Absent(below);
      default: return Negated(below);
    }
  }

  Random random_;
  Vocabulary words_{random_};
  bool is_range_ = false;
  int subqueries_ = 0;  ///< How many this part of the expression is inside of.
};

}  // namespace

GeneratedQuery MakeQuery(std::uint64_t seed, std::uint64_t number) {
  return Generator(seed, number).Make();
}

}  // namespace tocsin::promql
