#include "rules/promql/info.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "rules/promql/evaluator.h"

namespace tocsin::promql {
namespace {

constexpr std::string_view kDefaultInfoMetric = "target_info";
/// Where it is only said which metrics are not meant.
constexpr std::string_view kAnyInfoMetric = ".+_info";
constexpr std::array<std::string_view, 2> kIdentifying = {"instance", "job"};

/// The second argument of info(), taken apart.
class InfoMatchers {
 public:
  explicit InfoMatchers(const Call& call) {
    if (call.args.size() > 1) {
      const Expr& argument = StripParens(*call.args[1]);
      all_ = std::get<VectorSelector>(argument.node).matchers;
    }
    for (const Matcher& matcher : all_) {
      if (matcher.name().text() == kMetricNameLabel) {
        names_.push_back(matcher);
        names_some_ = names_some_ || matcher.type() == MatchType::kEqual ||
                      matcher.type() == MatchType::kRegexp;
      } else {
        data_labels_.insert(matcher.name());
        demands_label_ = demands_label_ || !matcher.MatchesEmpty();
      }
    }
    if (call.args.size() == 1) {
      AddName(MatchType::kEqual, kDefaultInfoMetric);
    } else if (names_.empty()) {
      all_.push_back(*Matcher::Make(MatchType::kEqual, kMetricNameLabel, kDefaultInfoMetric));
    } else if (!names_some_) {
      AddName(MatchType::kRegexp, kAnyInfoMetric);
    }
  }

  /// Of info series.
  const std::vector<Matcher>& all() const { return all_; }
  /// Whether a series is itself one that gives labels, and so gets none.
  bool IsInfoMetric(const Labels& labels) const {
    if (names_.empty()) return false;
    return std::all_of(names_.begin(), names_.end(), [&](const Matcher& matcher) {
      return matcher.Matches(labels.metric_name());
    });
  }
  /// Whether the label of an info series is wanted.
  bool Wants(const Symbol& label) const {
    return label.text() != kMetricNameLabel &&
           (data_labels_.empty() || data_labels_.contains(label));
  }
  /// Whether a series without info series is to be left out.
  bool demands_label() const { return demands_label_; }

 private:
  void AddName(MatchType type, std::string_view value) {
    names_.push_back(*Matcher::Make(type, kMetricNameLabel, value));
    all_.push_back(names_.back());
  }

  std::vector<Matcher> all_;
  std::vector<Matcher> names_;  ///< Those of the metric name, if they were written.
  bool names_some_ = false;     ///< Not only metrics that are not meant.
  std::unordered_set<Symbol> data_labels_;
  bool demands_label_ = false;
};

using Identity = std::array<Symbol, kIdentifying.size()>;
Identity IdentityOf(const Labels& labels) {
  Identity identity;
  for (std::size_t i = 0; i < kIdentifying.size(); ++i) {
    identity[i] = Symbol(labels.Get(kIdentifying[i]));
  }
  return identity;
}

/// The info series of one metric and one identity.
using Candidates = std::vector<std::uint32_t>;

/// Which info series may give labels to which series: what depends on labels alone.
struct Partners {
  std::vector<std::uint8_t> is_info;           ///< Per series.
  std::vector<std::vector<Candidates>> found;  ///< Per series, per info metric.
};

/// The identifying labels' values that series look for; an info series that does not have all of
/// them does not count.
class WantedValues {
 public:
  void Add(const Identity& identity) {
    for (std::size_t i = 0; i < identity.size(); ++i) {
      if (!identity[i].text().empty()) values_[i].insert(identity[i]);
    }
  }
  bool Covers(const Identity& identity) const {
    bool any = false;
    for (std::size_t i = 0; i < identity.size(); ++i) {
      if (values_[i].empty()) continue;
      if (!values_[i].contains(identity[i])) return false;
      any = true;
    }
    return any;
  }

 private:
  std::array<std::unordered_set<Symbol>, kIdentifying.size()> values_;
};

Partners FindPartners(const Shape& base, const Shape& info, const InfoMatchers& matchers) {
  Partners partners;
  partners.is_info.resize(base.size());
  partners.found.resize(base.size());
  WantedValues wanted;
  for (std::size_t i = 0; i < base.size(); ++i) {
    partners.is_info[i] = matchers.IsInfoMetric(base.labels[i]) ? 1 : 0;
    if (partners.is_info[i] == 0) wanted.Add(IdentityOf(base.labels[i]));
  }
  std::map<Identity, std::map<std::string_view, Candidates>> by_identity;
  for (std::uint32_t i = 0; i < info.size(); ++i) {
    const Identity identity = IdentityOf(info.labels[i]);
    if (!wanted.Covers(identity)) continue;
    by_identity[identity][info.labels[i].metric_name()].push_back(i);
  }
  for (std::size_t i = 0; i < base.size(); ++i) {
    const auto match = by_identity.find(IdentityOf(base.labels[i]));
    if (partners.is_info[i] != 0 || match == by_identity.end()) continue;
    for (const auto& [name, candidates] : match->second) partners.found[i].push_back(candidates);
  }
  return partners;
}

/// The first selector of an expression, and what the subqueries around it do to its time.
class ReferenceTime {
 public:
  ReferenceTime(const Expr& expr, Evaluator& evaluator) : evaluator_(evaluator) { Find(expr); }

  Moments At(const Steps& steps) const { return {steps, offset_, pin_}; }

 private:
  bool Find(const Expr& expr) {
    return std::visit([&](const auto& node) { return FindIn(expr, node); }, expr.node);
  }
  bool FindIn(const Expr&, const NumberLiteral&) { return false; }
  bool FindIn(const Expr&, const StringLiteral&) { return false; }
  bool FindIn(const Expr& expr, const VectorSelector& selector) {
    Shift(expr, selector.time);
    return true;
  }
  bool FindIn(const Expr& expr, const MatrixSelector& matrix) {
    Shift(expr, matrix.selector.time);
    return true;
  }
  bool FindIn(const Expr& expr, const Subquery& subquery) {
    const Moments outside{{}, offset_, pin_};
    Shift(expr, subquery.time);
    if (Find(*subquery.expr)) return true;
    offset_ = outside.offset;
    pin_ = outside.pin;
    return false;
  }
  bool FindIn(const Expr&, const Call& call) {
    return std::any_of(call.args.begin(), call.args.end(),
                       [&](const ExprPtr& arg) { return Find(*arg); });
  }
  bool FindIn(const Expr&, const Aggregate& aggregate) {
    return Find(*aggregate.expr) || (aggregate.parameter && Find(*aggregate.parameter));
  }
  bool FindIn(const Expr&, const Binary& binary) { return Find(*binary.lhs) || Find(*binary.rhs); }
  bool FindIn(const Expr&, const Unary& unary) { return Find(*unary.expr); }
  bool FindIn(const Expr&, const Paren& paren) { return Find(*paren.expr); }

  void Shift(const Expr& expr, const TimeModifiers& time) {
    const Millis offset = evaluator_.planned(expr).durations.offset;
    const Moments moments = MakeMoments(time.at, offset, {}, evaluator_.environment());
    if (moments.pin) {
      pin_ = moments.pin;
      offset_ = 0;
    }
    offset_ += offset;
  }

  Evaluator& evaluator_;
  Millis offset_ = 0;
  std::optional<Millis> pin_;
};

/// Joins step by step: the info series that gives the labels may change at each.
class InfoJoin {
 public:
  InfoJoin(const Block& base, const Block& times, const InfoMatchers& matchers)
      : base_(base), times_(times), matchers_(matchers) {}

  Result<Block> Run(const Partners& partners) {
    for (std::size_t s = 0; s < base_.shape->size(); ++s) {
      if (const Status joined = JoinSeries(partners, s); !joined) return joined.error();
    }
    auto shape = std::make_shared<Shape>();
    shape->labels = std::move(labels_);
    if (!base_.shape->drop_name.empty()) shape->drop_name = std::move(drop_name_);
    Block block;
    block.shape = std::move(shape);
    block.steps = base_.steps;
    block.values = std::move(values_);
    return block;
  }

 private:
  /// The info series whose labels are taken, one per info metric that has one.
  using Chosen = std::vector<std::uint32_t>;

  Status JoinSeries(const Partners& partners, std::size_t series) {
    std::map<Chosen, std::uint32_t> rows;
    Chosen chosen;
    for (std::size_t i = 0; i < base_.steps; ++i) {
      const double value = base_.at(series, i);
      if (IsAbsent(value)) continue;
      if (Status found = Choose(partners.found[series], i, chosen); !found) return found;
      const bool left_out = chosen.empty() && matchers_.demands_label();
      if (left_out && partners.is_info[series] == 0) continue;
      auto row = rows.find(chosen);
      if (row == rows.end()) {
        const Result<Labels> joined = Join(base_.shape->labels[series], chosen);
        if (!joined) return joined.error();
        row = rows.emplace(chosen, RowOf(*joined, base_.shape->drops_name(series))).first;
      }
      double& place = values_[row->second * base_.steps + i];
      if (IsPresent(place)) {
        return Error{ErrorCode::kInvalidInput,
                     "vector cannot contain metrics with the same labelset"};
      }
      place = value;
    }
    return {};
  }

  /// The newest of each metric's candidates at a step.
  Status Choose(const std::vector<Candidates>& metrics, std::size_t step, Chosen& chosen) const {
    chosen.clear();
    for (const Candidates& candidates : metrics) {
      std::optional<std::uint32_t> newest;
      for (const std::uint32_t candidate : candidates) {
        const double time = times_.at(candidate, step);
        if (IsAbsent(time)) continue;
        if (newest && times_.at(*newest, step) == time) return Conflict(*newest, candidate, step);
        if (!newest || times_.at(*newest, step) < time) newest = candidate;
      }
      if (newest) chosen.push_back(*newest);
    }
    return {};
  }

  Error Conflict(std::uint32_t a, std::uint32_t b, std::size_t step) const {
    const auto at = [&](std::uint32_t series) {
      return static_cast<Millis>(times_.at(series, step) * 1000);
    };
    return {ErrorCode::kInvalidInput,
            fmt::format("found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                        times_.shape->labels[a].ToString(), at(a),
                        times_.shape->labels[b].ToString(), at(b))};
  }

  Result<Labels> Join(const Labels& base, const Chosen& chosen) const {
    std::unordered_map<Symbol, Symbol> added;
    for (const std::uint32_t info : chosen) {
      for (const Label& label : times_.shape->labels[info]) {
        if (!matchers_.Wants(label.name)) continue;
        const auto [known, is_new] = added.try_emplace(label.name, label.value);
        if (!is_new && !(known->second == label.value)) {
          return Error{ErrorCode::kInvalidInput,
                       fmt::format("conflicting label: {}", label.name.text())};
        }
      }
    }
    LabelsBuilder builder(base);
    for (const auto& [name, value] : added) {
      // What the series has itself is better known than what an info metric says of it.
      if (base.Get(name).text().empty()) builder.Set(name, value);
    }
    return builder.Build();
  }

  std::uint32_t RowOf(const Labels& labels, bool drops_name) {
    const auto [row, is_new] =
        row_of_.try_emplace(labels, static_cast<std::uint32_t>(labels_.size()));
    if (is_new) {
      labels_.push_back(labels);
      drop_name_.push_back(drops_name ? 1 : 0);
      values_.resize(values_.size() + base_.steps, kAbsent);
    }
    return row->second;
  }

  const Block& base_;
  const Block& times_;  ///< Of the info series, when each is from.
  const InfoMatchers& matchers_;
  std::unordered_map<Labels, std::uint32_t> row_of_;
  std::vector<Labels> labels_;
  std::vector<std::uint8_t> drop_name_;
  std::vector<double> values_;
};

}  // namespace

Result<Operand> EvaluateInfo(Evaluator& evaluator, const Expr& expr, const Call& call,
                             const Steps& steps) {
  Result<Operand> value = evaluator.Evaluate(*call.args.front(), steps);
  if (!value) return value;
  const Block& base = std::get<Block>(*value);
  const InfoMatchers matchers(call);
  PlannedNode& node = evaluator.planned(expr);
  Environment& environment = evaluator.environment();
  node.series.Refresh(environment, matchers.all());
  const Moments moments = ReferenceTime(*call.args.front(), evaluator).At(steps);
  const Result<Block> times = ReadNewest(node.series, moments, Reading::kTime, environment);
  if (!times) return times.error();
  const Partners& partners = node.memo.Get<Partners>(
      base.shape, times->shape, [&] { return FindPartners(*base.shape, *times->shape, matchers); });
  const std::size_t held = SizeOf(*value) + times->values.size();
  Result<Block> joined = InfoJoin(base, *times, matchers).Run(partners);
  if (!joined) return joined.error();
  return evaluator.Settle(held, Operand(std::move(*joined)));
}

}  // namespace tocsin::promql
