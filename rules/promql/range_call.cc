#include "rules/promql/range_call.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/quote.h"
#include "rules/promql/evaluator.h"
#include "rules/promql/pace.h"

namespace tocsin::promql {
namespace {

/// Evaluates what stands beside the range vector and keeps it step by step.
class OtherArguments {
 public:
  /// Empty arguments, for functions that have none.
  OtherArguments() = default;

  static Result<OtherArguments> Evaluate(Evaluator& evaluator, const Call& call,
                                         const Steps& steps) {
    std::vector<ScalarColumn> columns;
    for (const ExprPtr& arg : call.args) {
      if (arg->type == ValueType::kMatrix) continue;
      Result<Operand> value = evaluator.Evaluate(*arg, steps);
      if (!value) return value.error();
      columns.push_back(std::get<ScalarColumn>(std::move(*value)));
    }
    OtherArguments arguments;
    arguments.count_ = columns.size();
    arguments.values_.reserve(columns.size() * steps.count);
    for (std::size_t i = 0; i < steps.count; ++i) {
      for (const ScalarColumn& column : columns) arguments.values_.push_back(column.values[i]);
    }
    return arguments;
  }

  std::span<const double> at(std::size_t step) const {
    return std::span(values_).subspan(step * count_, count_);
  }
  /// What of the budget they hold.
  std::size_t held() const { return values_.size(); }

 private:
  std::size_t count_ = 0;
  std::vector<double> values_;  ///< Step after step.
};

const Expr& RangeArgument(const Call& call) {
  for (const ExprPtr& arg : call.args) {
    if (arg->type == ValueType::kMatrix) return *arg;
  }
  return *call.args.front();
}

/// The extension of a range vector that stands in a selector; a subquery has none.
Extension ExtensionOf(const Expr& range) {
  const auto* matrix = std::get_if<MatrixSelector>(&StripParens(range).node);
  return matrix == nullptr ? Extension::kNone : matrix->selector.extension;
}

bool Takes(const Function& function, Extension extension) {
  const auto* range = std::get_if<RangeFunction>(&function.how);
  switch (extension) {
    case Extension::kNone: return true;
    case Extension::kAnchored: return range != nullptr && range->takes_anchored;
    case Extension::kSmoothed: return range != nullptr && range->takes_smoothed;
  }
  return false;
}

/// Fails if the function does not know what to do with the samples around its range.
Status CheckExtension(const Call& call) {
  const Extension extension = ExtensionOf(RangeArgument(call));
  if (Takes(*call.function, extension)) return {};
  std::string able;
  for (const Function& function : AllFunctions()) {
    if (!Takes(function, extension)) continue;
    able += able.empty() ? "" : ", ";
    able += function.name;
  }
  return Error{ErrorCode::kInvalidInput,
               fmt::format("{} modifier can only be used with: {} - not with {}",
                           extension == Extension::kAnchored ? "anchored" : "smoothed", able,
                           call.function->name)};
}

/// Calls RangeFunction::check once for each step at which there is anything to compute.
class StepChecks {
 public:
  StepChecks(const RangeFunction& function, const Call& call, std::size_t steps)
      : function_(function),
        position_(call.args.front()->position),
        done_(function.check == nullptr ? 0 : steps) {}

  Status Check(std::size_t step, std::span<const double> args, Annotations& annotations) {
    if (done_.empty() || done_[step]) return {};
    done_[step] = true;
    return function_.check(args, position_, annotations);
  }

 private:
  const RangeFunction& function_;
  Position position_;
  std::vector<bool> done_;  ///< Empty if there is nothing to check.
};

/// What is said about a series that is used as a counter without being one by its __type__ or, if
/// it has none or that does not matter, by its name; empty of all others.
/// Source: Prometheus' util/annotations, PossibleNonCounterInfo, PossibleNonCounterLabelInfo.
std::string DoubtAboutCounter(const Labels& labels, const Features& features) {
  const std::string_view name = labels.metric_name();
  if (name.empty()) return "";
  const std::string_view type = features.type_and_unit_labels ? labels.Get("__type__") : "";
  if (!type.empty()) {
    if (type == "counter" || type == "histogram") return "";
    return fmt::format(
        "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", "
        "got {}: {}",
        Quoted(type), Quoted(name));
  }
  for (const std::string_view suffix : {"_total", "_sum", "_count", "_bucket"}) {
    if (name.ends_with(suffix)) return "";
  }
  return "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " +
         Quoted(name);
}

/// What is said about the series of a shape. Many have the same name, and so the same doubt.
struct Doubts {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  std::vector<std::string> texts;
  std::vector<std::uint32_t> of_series;  ///< Which of them, or kNone. Empty if there are none.
};
Doubts DoubtsAboutCounters(const Shape& shape, const Features& features) {
  Doubts doubts;
  std::unordered_map<std::string, std::uint32_t> known;
  doubts.of_series.reserve(shape.size());
  for (const Labels& labels : shape.labels) {
    std::string text = DoubtAboutCounter(labels, features);
    if (text.empty()) {
      doubts.of_series.push_back(Doubts::kNone);
      continue;
    }
    const auto index = static_cast<std::uint32_t>(doubts.texts.size());
    const auto [place, is_new] = known.try_emplace(text, index);
    if (is_new) doubts.texts.push_back(std::move(text));
    doubts.of_series.push_back(place->second);
  }
  if (doubts.texts.empty()) doubts.of_series.clear();
  return doubts;
}

/// Says each doubt once, however many series it is about.
class DoubtReport {
 public:
  DoubtReport(const Doubts& doubts, Position position, Annotations& annotations)
      : doubts_(doubts),
        position_(position),
        annotations_(annotations),
        said_(doubts.texts.size()) {}

  void Add(std::size_t series) {
    if (doubts_.of_series.empty()) return;
    const std::uint32_t doubt = doubts_.of_series[series];
    if (doubt == Doubts::kNone || said_[doubt]) return;
    said_[doubt] = true;
    annotations_.Info(doubts_.texts[doubt], position_);
  }

 private:
  const Doubts& doubts_;
  Position position_;
  Annotations& annotations_;
  std::vector<bool> said_;
};

/// One call of a range function, from its range vector to a block.
class RangeCall {
 public:
  RangeCall(Evaluator& evaluator, const Expr& expr, const Call& call, const RangeFunction& function,
            const Steps& steps)
      : evaluator_(evaluator),
        expr_(expr),
        call_(call),
        function_(function),
        steps_(steps),
        checks_(function, call, steps.count),
        pace_(evaluator.environment().budget) {}

  Result<Operand> Run() {
    Result<OtherArguments> arguments = OtherArguments::Evaluate(evaluator_, call_, steps_);
    if (!arguments) return arguments.error();
    arguments_ = std::move(*arguments);
    const Expr& argument = RangeArgument(call_);
    const bool by_growth = function_.of_growth != nullptr;
    Result<RangeVector> ranges = evaluator_.OpenRange(argument, steps_, !by_growth);
    if (!ranges) return ranges.error();
    if (by_growth) growth_ = evaluator_.OpenGrowth(argument, steps_);
    Budget& budget = evaluator_.environment().budget;
    const std::size_t size = ranges->size() * steps_.count;
    if (const Status taken = budget.Take(size); !taken) return taken.error();
    Block block(ranges->shape(), steps_.count);
    if (const Status computed = ComputeAll(*ranges, block); !computed) return computed.error();
    const std::size_t held = size + ranges->held() + arguments_.held();
    if (function_.keeps_name) return evaluator_.Settle(held, Operand(std::move(block)));
    Result<Block> unnamed =
        DropNames(std::move(block), evaluator_.planned(expr_).memo, evaluator_.ContextAt(steps_));
    if (!unnamed) return unnamed.error();
    return evaluator_.Settle(held, Operand(std::move(*unnamed)));
  }

 private:
  Status ComputeAll(RangeVector& ranges, Block& block) {
    DoubtReport doubts(FindDoubts(ranges.shape()), call_.args.front()->position,
                       evaluator_.environment().annotations);
    for (std::size_t s = 0; s < ranges.size(); ++s) {
      bool any = false;
      const bool is_known =
          growth_ != nullptr && growth_->Advance(s, evaluator_.environment().read_point);
      Status computed = is_known ? ComputeFromGrowth(s, *block.row(s), any)
                                 : ReadAndCompute(ranges, s, block.row(s), any);
      if (!computed) return computed;
      if (any) doubts.Add(s);
    }
    return {};
  }

  Status ComputeFromGrowth(std::size_t series, double& value, bool& any) {
    const std::size_t count = growth_->count(series);
    if (count >= 2) value = function_.of_growth(growth_->growth(series));
    any = IsPresent(value);
    return evaluator_.environment().Count(count);
  }

  Status ReadAndCompute(RangeVector& ranges, std::size_t series, double* row, bool& any) {
    if (Status begun = ranges.Begin(series); !begun) return begun;
    if (Status computed = ComputeRow(ranges, row, any); !computed) return computed;
    if (growth_ != nullptr) growth_->Keep(series, {ranges.window().t, ranges.window().v});
    return {};
  }

  /// `any`: whether there is a value at any step.
  Status ComputeRow(RangeVector& ranges, double* row, bool& any) {
    Annotations& annotations = evaluator_.environment().annotations;
    for (std::size_t i = 0; i < steps_.count; ++i) {
      if (Status moved = ranges.MoveTo(i); !moved) return moved;
      RangeWindow& window = ranges.window();
      if (Status go_on = pace_.Spend(window.t.size() + 1); !go_on) return go_on;
      if (window.t.empty()) continue;
      window.args = arguments_.at(i);
      if (Status checked = checks_.Check(i, window.args, annotations); !checked) return checked;
      row[i] = function_.compute(window);
      any = any || IsPresent(row[i]);
    }
    return {};
  }

  const Doubts& FindDoubts(const ShapePtr& shape) {
    static const Doubts kNone;
    if (!function_.expects_counter) return kNone;
    return evaluator_.planned(expr_).counters.Get<Doubts>(shape, nullptr, [&] {
      return DoubtsAboutCounters(*shape, evaluator_.environment().features);
    });
  }

  Evaluator& evaluator_;
  const Expr& expr_;
  const Call& call_;
  const RangeFunction& function_;
  const Steps& steps_;
  OtherArguments arguments_;
  KeptGrowth* growth_ = nullptr;  ///< Null unless the function can do with it.
  StepChecks checks_;
  Pace pace_;  ///< Windows overlap: computing costs far more than reading the samples did.
};

/// Marks the steps at which any series has a sample.
Status FindPresent(RangeVector& ranges, std::vector<double>& absent, Budget& budget) {
  Pace pace(budget);
  for (std::size_t s = 0; s < ranges.size(); ++s) {
    if (Status begun = ranges.Begin(s); !begun) return begun;
    if (Status go_on = pace.Spend(absent.size()); !go_on) return go_on;
    for (std::size_t i = 0; i < absent.size(); ++i) {
      if (Status moved = ranges.MoveTo(i); !moved) return moved;
      if (!ranges.window().t.empty()) absent[i] = kAbsent;
    }
  }
  return {};
}

double Between(const RangeWindow& window, std::size_t before, Millis at) {
  const double share = static_cast<double>(at - window.t[before]) /
                       static_cast<double>(window.t[before + 1] - window.t[before]);
  return window.v[before] + (window.v[before + 1] - window.v[before]) * share;
}

/// The samples of an extended range as a result shows them: what is taken of the samples around the
/// range stands at its borders. Source: Prometheus' promql/functions.go, extendFloats.
Samples AtBorders(const RangeWindow& window) {
  const bool smoothed = window.extension == Extension::kSmoothed;
  std::size_t last = window.t.size() - 1;
  if (last > 0 && window.t[last - 1] >= window.end) --last;
  if (window.t[last] <= window.start) return {};
  const bool starts_before = window.t[0] < window.start;
  const bool ends_after = last > 0 && window.t[last] > window.end;
  Samples samples;
  const auto add = [&](Millis t, double v) {
    samples.t.push_back(t);
    samples.v.push_back(v);
  };
  add(window.start, smoothed && starts_before ? Between(window, 0, window.start) : window.v[0]);
  for (std::size_t i = 0; i <= last; ++i) {
    if (window.t[i] > window.start && window.t[i] < window.end) add(window.t[i], window.v[i]);
  }
  add(window.end, smoothed && ends_after ? Between(window, last - 1, window.end) : window.v[last]);
  return samples;
}

Samples Copy(const RangeWindow& window) {
  if (window.extension != Extension::kNone && !window.t.empty()) return AtBorders(window);
  return {{window.t.begin(), window.t.end()}, {window.v.begin(), window.v.end()}};
}

}  // namespace

Result<Operand> CallOverRange(Evaluator& evaluator, const Expr& expr, const Call& call,
                              const RangeFunction& function, const Steps& steps) {
  if (const Status fits = CheckExtension(call); !fits) return fits.error();
  return RangeCall(evaluator, expr, call, function, steps).Run();
}

Result<Operand> AbsentOverTime(Evaluator& evaluator, const Expr& expr, const Call& call,
                               const Steps& steps) {
  if (const Status fits = CheckExtension(call); !fits) return fits.error();
  Result<RangeVector> ranges = evaluator.OpenRange(*call.args.front(), steps);
  if (!ranges) return ranges.error();
  Block block;
  block.shape = evaluator.planned(expr).memo.Get<ShapePtr>(nullptr, nullptr, [&] {
    return std::make_shared<const Shape>(Shape{{AbsentLabels(*call.args.front())}, {}});
  });
  block.steps = steps.count;
  block.values.assign(steps.count, 1);
  const Status found = FindPresent(*ranges, block.values, evaluator.environment().budget);
  if (!found) return found.error();
  return evaluator.Settle(ranges->held(), Operand(std::move(block)));
}

Result<Operand> CopyRange(RangeVector& ranges, Budget& budget) {
  RangeBlock copy{ranges.shape(), {}};
  copy.samples.reserve(ranges.size());
  std::size_t held = 0;
  for (std::size_t s = 0; s < ranges.size(); ++s) {
    if (const Status begun = ranges.Begin(s); !begun) return begun.error();
    if (const Status moved = ranges.MoveTo(0); !moved) return moved.error();
    const RangeWindow& window = ranges.window();
    if (const Status taken = budget.Take(window.t.size()); !taken) return taken.error();
    held += window.t.size();
    copy.samples.push_back(Copy(window));
  }
  budget.GiveBack(held);
  return Operand(std::move(copy));
}

}  // namespace tocsin::promql
