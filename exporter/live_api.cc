#include "exporter/live_api.h"

#include <chrono>
#include <cmath>
#include <string_view>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "exporter/api_client.h"

namespace tocsin {
namespace {

namespace json = boost::json;

constexpr Duration kDay = std::chrono::hours(24);

std::string SecondsText(Duration time) {
  return fmt::format("{:.3f}", Seconds(time));
}

/// What `read` makes of the result of a query.
template <class Read>
auto Ask(const std::string& server, std::string_view path, const ApiParameters& parameters,
         const Read& read) -> Result<decltype(read(json::value()))> {
  const Result<ApiAnswer> answer = AskApi(server, path, parameters);
  if (!answer) return answer.error();
  try {
    const json::value body = json::parse(answer->body);
    if (body.at("status").as_string() == "success") return read(body.at("data").at("result"));
    return Error{ErrorCode::kInvalidInput,
                 fmt::format("{}: {}", answer->from, body.at("error").as_string().c_str())};
  } catch (const std::exception&) {  // Boost.JSON throws; nothing of ours does.
    return Error{ErrorCode::kCorrupt,
                 fmt::format("{}: this is not the answer of a Prometheus API: status {}",
                             answer->from, answer->status)};
  }
}

std::vector<Millis> MomentsOf(const json::value& series) {
  std::vector<Millis> moments;
  for (const json::value& point : series.at("values").as_array()) {
    moments.push_back(std::llround(point.at(0).to_number<double>() * 1000));
  }
  return moments;
}

}  // namespace

Result<std::size_t> LiveApi::CountSeries(const std::string& expr) {
  return Ask(server_, "/api/v1/query",
             {{"query", expr}, {"time", SecondsText(now_.time_since_epoch())}},
             [](const json::value& result) -> std::size_t { return result.as_array().size(); });
}

Result<std::vector<std::vector<Millis>>> LiveApi::LastDay(const std::string& expr, Duration step) {
  const Duration end = now_.time_since_epoch();
  const Duration start = end - kDay;
  return Ask(server_, "/api/v1/query_range",
             {{"query", expr},
              {"start", SecondsText(start)},
              {"end", SecondsText(end)},
              {"step", SecondsText(step)}},
             [](const json::value& result) {
               std::vector<std::vector<Millis>> series;
               for (const json::value& one : result.as_array()) series.push_back(MomentsOf(one));
               return series;
             });
}

}  // namespace tocsin
