#include "tests/differential/prometheus_client.h"

#include <cmath>
#include <utility>

#include <boost/json.hpp>
#include <curl/curl.h>

#include "base/number.h"
#include "tests/differential/remote_write.h"

namespace tocsin::promql {
namespace {

namespace json = boost::json;

std::size_t Receive(char* data, std::size_t size, std::size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

std::string Seconds(Millis at) {
  // Whole seconds: see where queries are made.
  return std::to_string(at / 1000);
}

Labels ReadLabels(const json::object& metric) {
  LabelsBuilder builder;
  for (const auto& [name, value] : metric) builder.Set(name, value.as_string());
  return builder.Build();
}

void ReadSample(const json::array& pair, Samples& samples) {
  samples.t.push_back(std::llround(pair.at(0).to_number<double>() * 1000));
  samples.v.push_back(ParseNumber(pair.at(1).as_string()).value());
}

Found ReadResult(const json::object& data) {
  Found found;
  const std::string_view type = data.at("resultType").as_string();
  const json::array& result = data.at("result").as_array();
  if (type == "scalar") {
    Samples sample;
    ReadSample(result, sample);
    found.kind = Found::Kind::kScalar;
    found.scalar = sample.v.front();
    return found;
  }
  const bool matrix = type == "matrix";
  found.kind = matrix ? Found::Kind::kMatrix : Found::Kind::kVector;
  for (const json::value& one : result) {
    const json::object& object = one.as_object();
    Found::Series series{ReadLabels(object.at("metric").as_object()), {}};
    if (matrix) {
      for (const json::value& pair : object.at("values").as_array()) {
        ReadSample(pair.as_array(), series.samples);
      }
    } else {
      ReadSample(object.at("value").as_array(), series.samples);
    }
    found.series.push_back(std::move(series));
  }
  return found;
}

}  // namespace

struct PrometheusClient::Curl {
  CURL* handle = curl_easy_init();
};

PrometheusClient::PrometheusClient(std::string url)
    : url_(std::move(url)), curl_(std::make_unique<Curl>()) {}

PrometheusClient::~PrometheusClient() {
  curl_easy_cleanup(curl_->handle);
}

Result<std::string> PrometheusClient::Post(const std::string& path, const std::string& body,
                                           std::span<const char* const> headers) {
  CURL* const handle = curl_->handle;
  curl_slist* list = curl_slist_append(nullptr, "Expect:");
  for (const char* const header : headers) list = curl_slist_append(list, header);
  std::string answer;
  const std::string url = url_ + path;
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Receive);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(handle);
  curl_slist_free_all(list);
  if (code == CURLE_OK) return answer;
  return Error{ErrorCode::kUnavailable, url + ": " + curl_easy_strerror(code)};
}

Status PrometheusClient::Write(std::span<const GeneratedSeries> series) {
  constexpr const char* kHeaders[] = {"Content-Type: application/x-protobuf",
                                      "Content-Encoding: snappy",
                                      "X-Prometheus-Remote-Write-Version: 0.1.0"};
  const auto answer = Post("/api/v1/write", EncodeWriteRequest(series), kHeaders);
  if (!answer) return answer.error();
  long status = 0;
  curl_easy_getinfo(curl_->handle, CURLINFO_RESPONSE_CODE, &status);
  if (status / 100 == 2) return {};
  return Error{ErrorCode::kUnavailable, "remote write: " + std::to_string(status) + ' ' + *answer};
}

Result<RemoteAnswer> PrometheusClient::Query(const std::string& expr, const Steps& steps,
                                             bool range) {
  char* const escaped = curl_easy_escape(curl_->handle, expr.data(), static_cast<int>(expr.size()));
  std::string body = "query=" + std::string(escaped);
  curl_free(escaped);
  if (range) {
    body += "&start=" + Seconds(steps.start) + "&end=" + Seconds(steps.end()) +
            "&step=" + Seconds(steps.step);
  } else {
    body += "&time=" + Seconds(steps.start);
  }
  const auto answer = Post(range ? "/api/v1/query_range" : "/api/v1/query", body, {});
  if (!answer) return answer.error();
  boost::system::error_code problem;
  const json::value value = json::parse(*answer, problem);
  if (problem || !value.is_object()) return Error{ErrorCode::kCorrupt, "not JSON: " + *answer};
  const json::object& object = value.as_object();
  RemoteAnswer parsed;
  parsed.refused = object.at("status").as_string() != "success";
  if (parsed.refused) {
    parsed.error = object.at("error").as_string();
  } else {
    parsed.found = ReadResult(object.at("data").as_object());
  }
  return parsed;
}

}  // namespace tocsin::promql
