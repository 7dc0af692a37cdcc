#include "exporter/query_command.h"

#include <unistd.h>

#include <algorithm>
#include <array>
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
#include <curl/curl.h>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/labels.h"
#include "base/number.h"
#include "exporter/api/parameters.h"
#include "exporter/api/queries.h"
#include "exporter/api/query_api.h"
#include "exporter/rfc3339.h"
#include "exporter/sample_text.h"
#include "rules/promql/parser.h"

namespace tocsin {
namespace {

namespace json = boost::json;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr std::string_view kStandardInput = "-";
constexpr long kPatienceSeconds = 130;  ///< A little more than a server's own timeout.
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

std::size_t Collect(char* data, std::size_t size, std::size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

std::string FormOf(const Question& question) {
  std::string form;
  for (const auto& [name, value] : question.parameters) {
    const std::unique_ptr<char, decltype(&curl_free)> escaped(
        curl_easy_escape(nullptr, value.data(), static_cast<int>(value.size())), &curl_free);
    form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, escaped.get());
  }
  return form;
}

/// What the server answers, errors in the API's form included.
Result<std::string> AskServer(const std::string& server, const Question& question) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> request(curl_easy_init(),
                                                                    &curl_easy_cleanup);
  if (request == nullptr) return Error{ErrorCode::kUnavailable, "libcurl does not start"};
  std::string url = server;
  while (url.ends_with('/')) url.pop_back();
  url += PathOf(question);
  const std::string form = FormOf(question);
  std::string answer;
  curl_easy_setopt(request.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(request.get(), CURLOPT_POSTFIELDS, form.c_str());
  curl_easy_setopt(request.get(), CURLOPT_TIMEOUT, kPatienceSeconds);
  curl_easy_setopt(request.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(request.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(request.get(), CURLOPT_WRITEFUNCTION, &Collect);
  curl_easy_setopt(request.get(), CURLOPT_WRITEDATA, &answer);
  const CURLcode done = curl_easy_perform(request.get());
  if (done == CURLE_OK) return answer;
  return Error{ErrorCode::kUnavailable, fmt::format("{}: {}", url, curl_easy_strerror(done))};
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
    const std::string name = flags.input == kStandardInput ? "<stdin>" : flags.input;
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

  std::string Answer(const Question& question) {
    HttpRequest request;
    request.method = "GET";
    request.path = PathOf(question);
    request.query = question.parameters;
    for (const Route& route : routes_) {
      if (route.path == request.path) return *route.handle(request).body;
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

Result<std::string> Ask(const QueryFlags& flags) {
  const Millis now = SystemClock().Now().time_since_epoch().count();
  if (flags.input.empty()) {
    const Result<Question> question = MakeQuestion(flags, now);
    if (!question) return question.error();
    return AskServer(flags.server, *question);
  }
  const auto server = OfflineServer::Load(flags, now);
  if (!server) return server.error();
  const Result<Question> question = MakeQuestion(flags, (*server)->newest());
  if (!question) return question.error();
  return (*server)->Answer(*question);
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

std::string TimeText(const json::value& time) {
  const auto milliseconds = static_cast<Millis>(std::llround(time.to_number<double>() * 1000));
  return FormatRfc3339(TimePoint(Duration(milliseconds)));
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

/// The values as a line of bars, lowest to highest; a blank where there is none.
std::string Sparkline(const std::vector<double>& values) {
  constexpr std::array<std::string_view, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  double low = INFINITY;
  double high = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  std::string line;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      line += ' ';
      continue;
    }
    const double share = high > low ? (value - low) / (high - low) : 0;
    line += kBars[static_cast<std::size_t>(std::lround(share * (kBars.size() - 1)))];
  }
  return line;
}

void PrintChart(const json::value& series) {
  std::vector<double> values;
  for (const json::value& point : series.at("values").as_array()) {
    values.push_back(ParseNumber(Text(point.at(1))).value_or(NAN));
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  std::cout << fmt::format("{}\n  {}  {} to {}, last {}\n", SeriesText(series.at("metric")),
                           Sparkline(values), FormatNumber(*low), FormatNumber(*high),
                           FormatNumber(values.back()));
}

void PrintPoints(const json::value& series) {
  std::cout << SeriesText(series.at("metric")) << '\n';
  for (const json::value& point : series.at("values").as_array()) {
    std::cout << fmt::format("  {}  {}\n", TimeText(point.at(0)), Text(point.at(1)));
  }
}

void PrintTable(const json::value& data) {
  const std::string_view type = Text(data.at("resultType"));
  const json::value& result = data.at("result");
  if (type == "vector") {
    PrintVector(result.as_array());
  } else if (type == "matrix") {
    const bool on_a_terminal = isatty(STDOUT_FILENO) == 1;
    for (const json::value& series : result.as_array()) {
      on_a_terminal ? PrintChart(series) : PrintPoints(series);
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
int Show(const json::value& answer, QueryFlags::Output output) {
  const json::object& object = answer.as_object();
  if (Text(object.at("status")) != "success") {
    std::cerr << fmt::format("tocsin: {}: {}\n", Text(object.at("errorType")),
                             Text(object.at("error")));
    return kFailed;
  }
  if (output == QueryFlags::Output::kTable) {
    PrintNotes(object);
    PrintTable(object.at("data"));
  }
  return kDone;
}

}  // namespace

int RunQuery(const QueryFlags& flags) {
  const Result<std::string> answer = Ask(flags);
  if (!answer) {
    std::cerr << fmt::format("tocsin: {}\n", answer.error().message);
    return kFailed;
  }
  if (flags.output == QueryFlags::Output::kJson) std::cout << *answer << '\n';
  try {
    return Show(json::parse(*answer), flags.output);
  } catch (const std::exception&) {  // Boost.JSON throws; nothing of ours does.
    std::cerr << fmt::format("tocsin: {}: this is not the answer of a Prometheus API\n",
                             flags.server);
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
