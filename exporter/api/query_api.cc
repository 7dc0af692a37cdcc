#include "exporter/api/query_api.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/json_writer.h"
#include "exporter/api/envelope.h"
#include "exporter/api/expression_json.h"
#include "exporter/api/expression_part.h"
#include "exporter/api/parameters.h"
#include "exporter/api/result_json.h"
#include "rules/promql/printer.h"

namespace tocsin::api {
namespace {

using promql::QueryError;
using promql::QueryOutcome;

/// What reading a form may cost where nothing may wait: as much as an address.
constexpr std::size_t kMostFormAtOnce = 16 << 10;

HttpResponse BadData(const Error& error) {
  return Failure(ErrorType::kBadData, error.message);
}

HttpResponse NotPromql(const promql::ParseError& error, std::string_view text) {
  std::optional<ExpressionPart> part;
  if (!text.empty()) part = PartOf(text, error.position);
  return Failure(ErrorType::kBadData, InvalidParameter("query", error.ToString(text)).message,
                 part);
}

ErrorType TypeOf(QueryError::Kind kind) {
  switch (kind) {
    case QueryError::Kind::kBadData: return ErrorType::kBadData;
    case QueryError::Kind::kExecution: return ErrorType::kExecution;
    case QueryError::Kind::kTimeout: return ErrorType::kTimeout;
    case QueryError::Kind::kCanceled: return ErrorType::kCanceled;
    case QueryError::Kind::kUnavailable: break;
  }
  return ErrorType::kUnavailable;
}

/// Stops when the client has left, or when all queries are cancelled.
class Stop {
 public:
  Stop(const Queries& queries, const HttpRequest& request)
      : on_cancelled_(queries.cancelled(), Forward{source_}),
        on_abandoned_(request.abandoned, Forward{source_}) {}

  std::stop_token token() const { return source_.get_token(); }

 private:
  struct Forward {
    std::stop_source& to;
    void operator()() const { to.request_stop(); }
  };

  std::stop_source source_;
  std::stop_callback<Forward> on_cancelled_;
  std::stop_callback<Forward> on_abandoned_;
};

/// What instant and range queries have in common.
struct Wishes {
  promql::Engine::Options options;
  std::size_t limit = 0;
  bool stats = false;
};

Result<Wishes> ReadWishes(const Parameters& parameters) {
  Wishes wishes;
  const Result<std::size_t> limit = parameters.Limit();
  if (!limit) return limit.error();
  wishes.limit = *limit;
  const Result<std::optional<Duration>> timeout = parameters.DurationOf("timeout");
  if (!timeout) return timeout.error();
  if (*timeout && **timeout <= Duration(0)) {
    return InvalidParameter("timeout", "timeout must be positive");
  }
  wishes.options.timeout = timeout->value_or(Duration(0));
  const Result<std::optional<Duration>> lookback = parameters.DurationOf("lookback_delta");
  if (!lookback) return lookback.error();
  if (*lookback && **lookback <= Duration(0)) {
    return InvalidParameter("lookback_delta", "lookback delta must be positive");
  }
  wishes.options.lookback = lookback->value_or(Duration(0));
  wishes.stats = parameters.Has("stats");
  return wishes;
}

void AppendStats(std::string& body, const promql::QueryResult& result, Duration took) {
  const double seconds = Seconds(took);
  body += R"(,"stats":)";
  JsonWriter json(body);
  json.BeginObject().Key("timings").BeginObject();
  for (const std::string_view name : {"evalTotalTime", "execTotalTime"}) {
    json.Key(name).Number(seconds);
  }
  json.EndObject().Key("samples").BeginObject();
  const auto samples = static_cast<std::int64_t>(result.samples);
  const auto peak = static_cast<std::int64_t>(result.peak_samples);
  json.Key("totalQueryableSamples").Integer(samples).Key("peakSamples").Integer(peak);
  json.EndObject().EndObject();
}

HttpResponse Answer(const QueryOutcome& outcome, std::string_view text, const Wishes& wishes,
                    bool is_range, Duration took) {
  if (!outcome) {
    const QueryError& error = outcome.error();
    if (error.kind == QueryError::Kind::kBadData) {
      return BadData(InvalidParameter("query", error.message));
    }
    std::optional<ExpressionPart> part;
    if (error.position) part = PartOf(text, *error.position);
    return Failure(TypeOf(error.kind), error.message, part);
  }
  Pieces body(BeginSuccess() + '{');
  std::set<std::string> warnings = outcome->warnings;
  if (AppendResult(body, *outcome, is_range, wishes.limit)) {
    warnings.insert("results truncated due to limit");
  }
  if (wishes.stats) AppendStats(body.text(), *outcome, took);
  body.text() += '}';
  return EndSuccess(std::move(body), warnings, outcome->infos);
}

Millis Now(const Clock& clock) {
  return clock.Now().time_since_epoch().count();
}

/// The time that a query has, less what it has waited for a thread; none is an error.
Status SetTimeout(Wishes& wishes, const Queries::Lease& lease, const HttpRequest& request) {
  Duration& timeout = wishes.options.timeout;
  const Duration most = lease.engine().settings().timeout;
  timeout = (timeout > Duration(0) ? std::min(timeout, most) : most) - request.waited;
  if (timeout > Duration(0)) return {};
  return Error{ErrorCode::kTimeout, "query timed out in query queue"};
}

HttpResponse InstantQuery(Queries& queries, const Clock& clock, const HttpRequest& request) {
  const Result<Parameters> parameters = Parameters::Read(request);
  if (!parameters) return BadData(parameters.error());
  const Result<Millis> time = parameters->Time("time", Now(clock));
  if (!time) return BadData(time.error());
  Result<Wishes> wishes = ReadWishes(*parameters);
  if (!wishes) return BadData(wishes.error());
  const std::string_view text = parameters->Get("query");
  auto prepared = queries.Prepare(text);
  if (const auto* const error = std::get_if<promql::ParseError>(&prepared)) {
    return NotPromql(*error, text);
  }
  auto& lease = std::get<Queries::Lease>(prepared);
  if (const Status in_time = SetTimeout(*wishes, lease, request); !in_time) {
    return Failure(ErrorType::kTimeout, in_time.error().message);
  }
  const Stop stop(queries, request);
  wishes->options.stop = stop.token();
  const SteadyPoint began = clock.SteadyNow();
  const QueryOutcome outcome = lease.engine().Instant(lease.query(), *time, wishes->options);
  return Answer(outcome, text, *wishes, /*is_range=*/false, clock.SteadyNow() - began);
}

/// The same if it takes no longer than asking a thread to do it: a small query that has been
/// evaluated before. Mistakes are left to InstantQuery().
std::optional<HttpResponse> InstantQueryAtOnce(Queries& queries, const Clock& clock,
                                               const HttpRequest& request) {
  if (request.body.size() > kMostFormAtOnce) return std::nullopt;
  const Result<Parameters> parameters = Parameters::Read(request);
  if (!parameters) return std::nullopt;
  const Result<Millis> time = parameters->Time("time", Now(clock));
  const Result<Wishes> wishes = ReadWishes(*parameters);
  if (!time || !wishes) return std::nullopt;
  const std::string_view text = parameters->Get("query");
  std::optional<Queries::Lease> lease = queries.Known(text);
  if (!lease) return std::nullopt;
  const SteadyPoint began = clock.SteadyNow();
  const std::optional<QueryOutcome> outcome =
      lease->engine().InstantAtOnce(lease->query(), *time, wishes->options);
  if (!outcome) return std::nullopt;
  return Answer(*outcome, text, *wishes, /*is_range=*/false, clock.SteadyNow() - began);
}

/// The moments of a range query, and the end that was asked for, which may lie behind the last.
struct Range {
  promql::Steps steps;
  Millis end = 0;
};

/// `start`, `end` and `step`.
Result<Range> ReadRange(const Parameters& parameters) {
  const Result<Millis> start = parameters.Time("start", std::nullopt);
  if (!start) return start.error();
  const Result<Millis> end = parameters.Time("end", std::nullopt);
  if (!end) return end.error();
  if (*end < *start) {
    return InvalidParameter("end", "end timestamp must not be before start time");
  }
  const Result<std::optional<Duration>> step = parameters.DurationOf("step");
  if (!step) return step.error();
  if (!*step) return InvalidParameter("step", R"(cannot parse "" to a valid duration)");
  if (**step <= Duration(0)) {
    return InvalidParameter("step",
                            "zero or negative query resolution step widths are not accepted. "
                            "Try a positive integer");
  }
  const Millis width = (*step)->count();
  const auto points = static_cast<std::size_t>((*end - *start) / width);
  if (points > kMostPoints) {
    return Error{ErrorCode::kInvalidInput,
                 "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the "
                 "query resolution (?step=XX)"};
  }
  return Range{{*start, width, points + 1}, *end};
}

HttpResponse RangeQuery(Queries& queries, const Clock& clock, const HttpRequest& request) {
  const Result<Parameters> parameters = Parameters::Read(request);
  if (!parameters) return BadData(parameters.error());
  const Result<Range> range = ReadRange(*parameters);
  if (!range) return BadData(range.error());
  Result<Wishes> wishes = ReadWishes(*parameters);
  if (!wishes) return BadData(wishes.error());
  wishes->options.end = range->end;
  const std::string_view text = parameters->Get("query");
  auto prepared = queries.Prepare(text);
  if (const auto* const error = std::get_if<promql::ParseError>(&prepared)) {
    return NotPromql(*error, text);
  }
  auto& lease = std::get<Queries::Lease>(prepared);
  if (const Status in_time = SetTimeout(*wishes, lease, request); !in_time) {
    return Failure(ErrorType::kTimeout, in_time.error().message);
  }
  const Stop stop(queries, request);
  wishes->options.stop = stop.token();
  const SteadyPoint began = clock.SteadyNow();
  const QueryOutcome outcome = lease.engine().Range(lease.query(), range->steps, wishes->options);
  return Answer(outcome, text, *wishes, /*is_range=*/true, clock.SteadyNow() - began);
}

/// Answers with what `show` appends for the parsed expression.
template <class Show>
HttpResponse Parsed(const Queries& queries, const HttpRequest& request, Show show) {
  const Result<Parameters> parameters = Parameters::Read(request);
  if (!parameters) return BadData(parameters.error());
  const std::string_view text = parameters->Get("query");
  const auto parsed =
      promql::Parse(text, {.experimental = queries.engine()->settings().experimental});
  if (!parsed) return NotPromql(parsed.error, text);
  std::string body = BeginSuccess();
  show(body, *parsed.query->root);
  return EndSuccess(std::move(body));
}

Route GetOrPost(std::string path, std::function<HttpResponse(const HttpRequest&)> handle) {
  return {.path = std::move(path),
          .methods = {"GET", "POST"},
          .waits = Waits::kLong,
          .handle = std::move(handle),
          .refusal = &Refusal};
}

}  // namespace

std::vector<Route> QueryRoutes(Queries& queries, const Clock& clock) {
  Route instant = GetOrPost("/api/v1/query", [&](const HttpRequest& request) {
    return InstantQuery(queries, clock, request);
  });
  instant.at_once = [&](const HttpRequest& request) {
    return InstantQueryAtOnce(queries, clock, request);
  };
  return {
      std::move(instant),
      GetOrPost("/api/v1/query_range",
                [&](const HttpRequest& request) { return RangeQuery(queries, clock, request); }),
      GetOrPost("/api/v1/format_query",
                [&](const HttpRequest& request) {
                  return Parsed(queries, request, [](std::string& body, const promql::Expr& expr) {
                    AppendJsonString(body, promql::PrettyPrint(expr));
                  });
                }),
      GetOrPost(
          "/api/v1/parse_query",
          [&](const HttpRequest& request) { return Parsed(queries, request, &AppendExpression); }),
  };
}

}  // namespace tocsin::api
