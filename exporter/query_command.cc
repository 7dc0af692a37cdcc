#include "exporter/query_command.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/labels.h"
#include "base/number.h"
#include "base/quote.h"
#include "base/rfc3339.h"
#include "exporter/api/parameters.h"
#include "exporter/api/queries.h"
#include "exporter/api/query_api.h"
#include "exporter/api_client.h"
#include "exporter/chart.h"
#include "exporter/sample_text.h"
#include "rules/promql/parser.h"

namespace tocsin {
namespace {

namespace json = boost::json;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr std::string_view kStandardInput = "-";
constexpr Millis kDefaultPoints = 60;
constexpr std::size_t kLargestInput = std::size_t{1} << 30;

Error Wrong(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

// --- What is asked
// --------------------------------------------------------------------------------

/// The parameters of /api/v1/query or /api/v1/query_range.
struct Question {
  bool is_range = false;
  std::vector<std::pair<std::string, std::string>> parameters;
};

Result<Millis> TimeOf(std::string_view flag, const std::string& text, Millis otherwise) {
  if (text.empty()) return otherwise;
  if (const std::optional<Millis> time = api::ParseTime(text)) return *time;
  return Wrong(fmt::format("{}: expected Unix seconds or RFC 3339, got '{}'", flag, text));
}

std::string SecondsText(Millis milliseconds) {
  return fmt::format("{:.3f}", static_cast<double>(milliseconds) / 1000);
}

/// `now` stands for times that the user does not give.
Result<Question> MakeQuestion(const QueryFlags& flags, Millis now) {
  Question question;
  question.is_range = flags.is_range();
  question.parameters = {{"query", flags.expression}};
  if (!question.is_range) {
    const Result<Millis> time = TimeOf("--time", flags.time, now);
    if (!time) return time.error();
    question.parameters.emplace_back("time", SecondsText(*time));
    return question;
  }
  const Result<Millis> start = TimeOf("--start", flags.start, now);
  if (!start) return start.error();
  const Result<Millis> end = TimeOf("--end", flags.end, now);
  if (!end) return end.error();
  const Millis step = std::max<Millis>((*end - *start) / kDefaultPoints, 1000);
  question.parameters.emplace_back("start", SecondsText(*start));
  question.parameters.emplace_back("end", SecondsText(*end));
  question.parameters.emplace_back("step", flags.step.empty() ? SecondsText(step) : flags.step);
  return question;
}

std::string PathOf(const Question& question) {
  return question.is_range ? "/api/v1/query_range" : "/api/v1/query";
}

// --- Who answers
// ----------------------------------------------------------------------------------

/// What was answered, errors in the API's form included.
struct Answer {
  Question question;
  std::string from;  ///< A file, or an address; for messages.
  int status = 200;
  std::string body;
};

Result<Answer> AskServer(const std::string& server, Question question) {
  Result<ApiAnswer> answer = AskApi(server, PathOf(question), question.parameters);
  if (!answer) return answer.error();
  return Answer{.question = std::move(question),
                .from = std::move(answer->from),
                .status = answer->status,
                .body = std::move(answer->body)};
}

std::string NameOfInput(const QueryFlags& flags) {
  return flags.input == kStandardInput ? "<stdin>" : flags.input;
}

/// Samples of a file, and an engine over them.
class OfflineServer {
 public:
  static Result<std::unique_ptr<OfflineServer>> Load(const QueryFlags& flags, Millis now) {
    const Result<std::string> text =
        flags.input == kStandardInput
            ? Result<std::string>(std::string(std::istreambuf_iterator<char>(std::cin), {}))
            : ReadFile(flags.input, kLargestInput);
    if (!text) return text.error();
    const std::string name = NameOfInput(flags);
    const auto entries = ParseSampleText(*text, name, now);
    if (!entries) return entries.error();
    std::unique_ptr<OfflineServer> server(new OfflineServer(flags.experimental));
    const AppendCounts counts = server->store_.Append(*entries);
    if (counts.refused() > 0) {
      std::cerr << fmt::format(
          "tocsin: {}: {} samples are passed over: of one series and time, but "
          "with different values, or beyond the limits of the store\n",
          name, counts.refused());
    }
    server->newest_ = entries->empty() ? now : entries->back().sample.t;
    return server;
  }

  Millis newest() const { return newest_; }

  std::string Ask(const Question& question) {
    HttpRequest request;
    request.method = "GET";
    request.path = PathOf(question);
    request.query = question.parameters;
    for (const Route& route : routes_) {
      if (route.path != request.path) continue;
      const HttpResponse response = route.handle(request);
      std::string body = *response.body;
      for (const SharedText& piece : response.more_body) body += *piece;
      return body;
    }
    return {};
  }

 private:
  explicit OfflineServer(bool experimental)
      : store_({.retention = 0}),
        queries_({.experimental = experimental, .features = {}}, store_, clock_),
        routes_(api::QueryRoutes(queries_, clock_)) {}

  SystemClock clock_;
  SampleStore store_;
  api::Queries queries_;
  std::vector<Route> routes_;
  Millis newest_ = 0;
};

Result<Answer> Ask(const QueryFlags& flags) {
  const Millis now = SystemClock().Now().time_since_epoch().count();
  if (flags.input.empty()) {
    Result<Question> question = MakeQuestion(flags, now);
    if (!question) return question.error();
    return AskServer(flags.server, std::move(*question));
  }
  const auto server = OfflineServer::Load(flags, now);
  if (!server) return server.error();
  Result<Question> question = MakeQuestion(flags, (*server)->newest());
  if (!question) return question.error();
  std::string body = (*server)->Ask(*question);
  return Answer{
      .question = std::move(*question), .from = NameOfInput(flags), .body = std::move(body)};
}

// --- How it is shown
// ------------------------------------------------------------------------------

std::string SeriesText(const json::value& metric) {
  LabelsBuilder labels;
  for (const auto& [name, value] : metric.as_object()) {
    labels.Set(std::string_view(name), std::string_view(value.as_string()));
  }
  return labels.Build().ToString();
}

Millis MillisOf(const json::value& time) {
  return std::llround(time.to_number<double>() * 1000);
}

std::string TimeText(const json::value& time) {
  return FormatRfc3339(TimePoint(Duration(MillisOf(time))));
}

std::string_view Text(const json::value& value) {
  return std::string_view(value.as_string());
}

void PrintVector(const json::array& result) {
  std::size_t width = 0;
  for (const json::value& series : result) {
    width = std::max(width, Text(series.at("value").at(1)).size());
  }
  for (const json::value& series : result) {
    std::cout << fmt::format("{:>{}}  {}\n", Text(series.at("value").at(1)), width,
                             SeriesText(series.at("metric")));
  }
}

/// The moments of a range query.
struct Grid {
  Millis start;
  Millis step;
  std::size_t columns;
};

/// Nothing for an instant query, whose points may be anywhere.
std::optional<Grid> GridOf(const Question& question) {
  HttpRequest request;
  request.query = question.parameters;
  const auto parameters = api::Parameters::Read(request);
  if (!question.is_range || !parameters) return std::nullopt;
  const auto start = parameters->Time("start", std::nullopt);
  const auto end = parameters->Time("end", std::nullopt);
  const auto step = parameters->DurationOf("step");
  if (!start || !end || !step || !*step || **step <= Duration(0)) return std::nullopt;
  const Millis steps = std::max<Millis>((*end - *start) / (*step)->count(), 0);
  const auto most = static_cast<Millis>(api::kMostPoints);
  return Grid{*start, (*step)->count(), static_cast<std::size_t>(std::min(steps, most)) + 1};
}

/// The values of a series; those of a range query at their places in it, so that the charts of all
/// series have the same columns.
std::vector<double> Columns(const json::array& points, const std::optional<Grid>& grid) {
  std::vector<double> values(grid ? grid->columns : points.size(), NAN);
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::size_t column = i;
    if (grid) {
      const Millis t = MillisOf(points[i].at(0));
      if (t < grid->start) continue;
      column = static_cast<std::size_t>((t - grid->start) / grid->step);
    }
    if (column < values.size()) {
      values[column] = ParseNumber(Text(points[i].at(1))).value_or(NAN);
    }
  }
  return values;
}

void PrintChart(const json::value& series, const std::optional<Grid>& grid) {
  const json::array& points = series.at("values").as_array();
  const Chart chart(Columns(points, grid));
  const std::string bounds = chart.has_bars() ? fmt::format("{} to {}, ", FormatNumber(chart.low),
                                                            FormatNumber(chart.high))
                                              : "";
  std::cout << fmt::format("{}\n  {}  {}last {}\n", SeriesText(series.at("metric")), chart.bars,
                           bounds, Text(points.at(points.size() - 1).at(1)));
}

void PrintPoints(const json::value& series) {
  std::cout << SeriesText(series.at("metric")) << '\n';
  for (const json::value& point : series.at("values").as_array()) {
    std::cout << fmt::format("  {}  {}\n", TimeText(point.at(0)), Text(point.at(1)));
  }
}

void PrintTable(const json::value& data, const Question& question) {
  const std::string_view type = Text(data.at("resultType"));
  const json::value& result = data.at("result");
  if (type == "vector") {
    PrintVector(result.as_array());
  } else if (type == "matrix") {
    const bool on_a_terminal = isatty(STDOUT_FILENO) == 1;
    const std::optional<Grid> grid = GridOf(question);
    for (const json::value& series : result.as_array()) {
      on_a_terminal ? PrintChart(series, grid) : PrintPoints(series);
    }
  } else {
    std::cout << Text(result.at(1)) << '\n';
  }
}

void PrintNotes(const json::object& answer) {
  for (const std::string_view kind : {"warnings", "infos"}) {
    const json::value* const notes = answer.if_contains(kind);
    if (notes == nullptr) continue;
    for (const json::value& note : notes->as_array()) {
      std::cerr << fmt::format("tocsin: {}\n", Text(note));
    }
  }
}

/// Throws if the answer is not what the API answers.
int Show(const json::value& answer, const Question& question, QueryFlags::Output output) {
  const json::object& object = answer.as_object();
  if (Text(object.at("status")) != "success") {
    std::cerr << fmt::format("tocsin: {}: {}\n", Text(object.at("errorType")),
                             Text(object.at("error")));
    return kFailed;
  }
  if (output == QueryFlags::Output::kTable) {
    PrintNotes(object);
    PrintTable(object.at("data"), question);
  }
  return kDone;
}

/// The beginning of what a server says, in quotes, for a message of one line.
std::string FirstLine(std::string_view text) {
  constexpr std::size_t kMostShown = 200;
  return Quoted(text.substr(0, std::min(text.find_first_of("\r\n"), kMostShown)));
}

}  // namespace

int RunQuery(const QueryFlags& flags) {
  const Result<Answer> answer = Ask(flags);
  if (!answer) {
    std::cerr << fmt::format("tocsin: {}\n", answer.error().message);
    return kFailed;
  }
  if (flags.output == QueryFlags::Output::kJson) std::cout << answer->body << '\n';
  try {
    return Show(json::parse(answer->body), answer->question, flags.output);
  } catch (const std::exception&) {  // Boost.JSON throws; nothing of ours does.
    std::cerr << fmt::format(
        "tocsin: {}: this is not the answer of a Prometheus API: status {}, {}\n", answer->from,
        answer->status, FirstLine(answer->body));
    return kFailed;
  }
}

int CheckExpressions(const CheckExprFlags& flags) {
  int answer = kDone;
  for (const std::string& argument : flags.expressions) {
    const std::string text = argument == kStandardInput
                                 ? std::string(std::istreambuf_iterator<char>(std::cin), {})
                                 : argument;
    const auto parsed = promql::Parse(text, {.experimental = flags.experimental});
    if (parsed) continue;
    std::cerr << parsed.error.WithCaret(text) << '\n';
    answer = kFailed;
  }
  return answer;
}

}  // namespace tocsin
