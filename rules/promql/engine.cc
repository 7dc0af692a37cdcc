#include "rules/promql/engine.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "rules/promql/environment.h"
#include "rules/promql/evaluator.h"
#include "rules/promql/plan.h"
#include "rules/promql/query_slots.h"
#include "rules/promql/relabeling.h"
#include "rules/promql/shared_results.h"
#include "rules/promql/small_query.h"

namespace tocsin::promql {

struct PreparedQuery::State {
  explicit State(Query parsed) : query(std::move(parsed)), plan(query) {}

  Query query;
  Plan plan;
  /// How the last result's series are finally called, and in a range query sorted.
  Memo instant_names;
  Memo range_names;
  Samples buffer;                         ///< Kept for its room.
  std::shared_ptr<SharedResults> shared;  ///< May be null.
  std::vector<SharedResults::Id> shared_ids;
};

namespace {

/// Samples: a day at 5 s, and some.
constexpr std::size_t kMostKeptRoom = 20'000;

class SlotGuard {
 public:
  explicit SlotGuard(QuerySlots& slots) : slots_(slots) {}
  ~SlotGuard() { slots_.Leave(); }
  SlotGuard(const SlotGuard&) = delete;
  SlotGuard& operator=(const SlotGuard&) = delete;

 private:
  QuerySlots& slots_;
};

/// `position` is where the evaluation has ended.
QueryError Explain(const Error& error, std::optional<Position> position = std::nullopt) {
  using enum QueryError::Kind;
  switch (error.code) {
    case ErrorCode::kTimeout: return {kTimeout, error.message};
    case ErrorCode::kUnavailable: return {kCanceled, error.message};
    case ErrorCode::kInvalidInput:
    case ErrorCode::kNotFound:
    case ErrorCode::kDenied:
    case ErrorCode::kCorrupt:
    case ErrorCode::kTooLarge: return {kExecution, error.message, position};
  }
  return {kExecution, error.message, position};
}

/// Gives the series their final labels; those of a range query are sorted by them.
Result<Block> Finish(Block block, Memo& memo, bool is_range, const Features& features) {
  const SeriesOrder order = is_range ? SeriesOrder::kByLabels : SeriesOrder::kAsTheyCome;
  const Relabeling& names = memo.Get<Relabeling>(block.shape, nullptr, [&] {
    return MakeRelabeling(VisibleLabels(*block.shape, features), order);
  });
  Result<Block> finished = Apply(names, std::move(block));
  if (finished && is_range) finished->order.clear();
  return finished;
}

/// A scalar over time is one series without labels.
Block AsSeries(ScalarColumn scalar) {
  Block block;
  block.shape = std::make_shared<const Shape>(Shape{{Labels()}, {}});
  block.steps = scalar.values.size();
  block.values = std::move(scalar.values);
  return block;
}

RangeBlock FinishRanges(RangeBlock ranges, const Features& features) {
  ranges.shape = std::make_shared<const Shape>(Shape{VisibleLabels(*ranges.shape, features), {}});
  return ranges;
}

Result<Operand> FinishValue(Operand value, Memo& memo, bool is_range, const Features& features) {
  if (ScalarColumn* const scalar = std::get_if<ScalarColumn>(&value)) {
    if (is_range) return Operand(AsSeries(std::move(*scalar)));
  } else if (RangeBlock* const ranges = std::get_if<RangeBlock>(&value)) {
    return Operand(FinishRanges(std::move(*ranges), features));
  } else if (Block* const block = std::get_if<Block>(&value)) {
    Result<Block> finished = Finish(std::move(*block), memo, is_range, features);
    if (!finished) return finished.error();
    return Operand(std::move(*finished));
  }
  return value;
}

}  // namespace

std::string_view Name(QueryError::Kind kind) {
  using enum QueryError::Kind;
  switch (kind) {
    case kBadData: return "bad_data";
    case kExecution: return "execution";
    case kTimeout: return "timeout";
    case kCanceled: return "canceled";
    case kUnavailable: return "unavailable";
  }
  assert(false);
  return "";
}

PreparedQuery::PreparedQuery(std::unique_ptr<State> state) : state_(std::move(state)) {}
PreparedQuery::~PreparedQuery() = default;
PreparedQuery::PreparedQuery(PreparedQuery&&) noexcept = default;
PreparedQuery& PreparedQuery::operator=(PreparedQuery&&) noexcept = default;

std::size_t PreparedQuery::KeptSeries() const {
  return state_->plan.KeptSeries();
}

void PreparedQuery::Share(std::shared_ptr<SharedResults> results) {
  state_->shared_ids = results->Register(state_->query);
  state_->shared = std::move(results);
}

const Query& PreparedQuery::query() const {
  return state_->query;
}

Engine::Engine(Settings settings, const SampleStore& store, const Clock& clock)
    : settings_(settings),
      store_(store),
      clock_(clock),
      slots_(std::make_unique<QuerySlots>(settings.max_concurrency)),
      window_allowance_(std::make_shared<WindowAllowance>(settings.max_window_bytes)) {}
Engine::~Engine() = default;

std::size_t Engine::WindowBytes() const {
  return window_allowance_->taken();
}

std::variant<PreparedQuery, ParseError> Engine::Prepare(std::string_view text) const {
  ParseResult parsed = Parse(text, {.experimental = settings_.experimental});
  if (!parsed) return parsed.error;
  return PreparedQuery(std::make_unique<PreparedQuery::State>(std::move(*parsed.query)));
}

QueryOutcome Engine::Instant(PreparedQuery& query, Millis at, const Options& options) const {
  return Run(*query.state_, Steps{at, 1, 1}, /*is_range=*/false, options);
}

QueryOutcome Engine::Range(PreparedQuery& query, const Steps& steps, const Options& options) const {
  const ValueType type = query.query().root->type;
  if (type != ValueType::kVector && type != ValueType::kScalar) {
    return {QueryError{QueryError::Kind::kBadData,
                       "invalid expression type \"" + std::string(Describe(type)) +
                           "\" for range query, must be Scalar or instant Vector"}};
  }
  return Run(*query.state_, steps, /*is_range=*/true, options);
}

std::optional<QueryOutcome> Engine::InstantAtOnce(PreparedQuery& query, Millis at,
                                                  const Options& options) const {
  PreparedQuery::State& state = *query.state_;
  const std::uint64_t generation = store_.generation();
  if (!IsSmall(state.query, state.plan, generation)) return std::nullopt;
  return Evaluate(state, {Steps{at, 1, 1}, /*is_range=*/false, DeadlineOf(options), generation},
                  options);
}

SteadyPoint Engine::DeadlineOf(const Options& options) const {
  const bool own_timeout = options.timeout > Duration::zero();
  return clock_.SteadyNow() +
         (own_timeout ? std::min(options.timeout, settings_.timeout) : settings_.timeout);
}

QueryOutcome Engine::Run(PreparedQuery::State& query, const Steps& steps, bool is_range,
                         const Options& options) const {
  const SteadyPoint deadline = DeadlineOf(options);
  if (const Status entered = slots_->Enter(deadline, clock_, options.stop); !entered) {
    return {Explain(entered.error())};
  }
  const SlotGuard slot(*slots_);
  return Evaluate(query, {steps, is_range, deadline, store_.generation()}, options);
}

QueryOutcome Engine::Evaluate(PreparedQuery::State& query, const Start& start,
                              const Options& options) const {
  const auto& [steps, is_range, deadline, generation] = start;
  const QueryTimes times{.start = steps.start,
                         .end = is_range ? options.end.value_or(steps.end()) : steps.start,
                         .step = is_range ? steps.step : 0};
  const Status durations =
      query.plan.SetDurations(query.query, times, settings_.default_subquery_step.count());
  if (!durations) return {QueryError{QueryError::Kind::kBadData, durations.error().message}};

  Annotations annotations(query.query.text);
  Budget budget(settings_.max_samples, deadline, clock_, options.stop);
  const Duration lookback =
      options.lookback > Duration::zero() ? options.lookback : settings_.lookback;
  Environment environment{.store = store_,
                          .read_point = store_.read_point(),
                          .generation = generation,
                          .features = settings_.features,
                          .query = times,
                          .lookback = lookback.count(),
                          .annotations = annotations,
                          .budget = budget,
                          .buffer = std::move(query.buffer)};
  if (options.keep_windows && !is_range) environment.window_allowance = window_allowance_;
  if (query.shared && !is_range) {
    query.shared->Begin(steps.start, lookback.count());
    environment.shared = query.shared.get();
    environment.shared_ids = query.shared_ids;
  }
  Result<Operand> value = Evaluator(environment, query.plan).Evaluate(*query.query.root, steps);
  if (value) {
    Memo& names = is_range ? query.range_names : query.instant_names;
    value = FinishValue(std::move(*value), names, is_range, settings_.features);
  }
  // Room for everyday ranges is kept; that of a huge one is given back.
  if (environment.buffer.t.capacity() <= kMostKeptRoom)
    query.buffer = std::move(environment.buffer);
  if (!value) return {Explain(value.error(), environment.failed_at)};
  return {QueryResult{std::move(*value), steps, annotations.warnings(), annotations.infos(),
                      environment.samples_read, budget.peak()}};
}

}  // namespace tocsin::promql
