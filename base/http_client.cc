#include "base/http_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <system_error>

#include "base/http_date.h"
#include "base/http_exchange.h"
#include "base/http_plain.h"
#include "base/http_problem.h"
#include "base/http_server_address.h"
#include "base/text.h"

namespace tocsin {
namespace {

/// One request at a time through one set of connections.
class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(HttpSettings settings) : settings_(std::move(settings)) {}

  Result<HttpAnswer> Send(const OutgoingRequest& request, std::stop_token stop) override {
    if (!plain_.CanSend(request)) return Send({settings_, request, settings_.timeout}, stop);
    const auto begin = std::chrono::steady_clock::now();
    Result<HttpAnswer> answer = plain_.Send(request, begin + settings_.timeout, stop);
    std::optional<OutgoingRequest> redirected = Redirected(request, answer);
    if (!redirected) return answer;
    const auto gone = std::chrono::floor<Duration>(std::chrono::steady_clock::now() - begin);
    const Duration left = std::max(settings_.timeout - gone, Duration(1));
    answer = Send({settings_, *redirected, left, false, nullptr, 1}, stop);
    if (answer || answer.error().code != ErrorCode::kTimeout) return answer;
    return NoAnswerWithin(settings_.timeout).Within(HttpOrigin(redirected->url).value_or(""));
  }

 private:
  Result<HttpAnswer> Send(const HttpJob& job, const std::stop_token& stop) {
    if (!exchange_.Begin(job)) return exchange_.Take().answer;
    std::optional<Result<HttpAnswer>> answer;
    connections_.Run(std::array{&exchange_}, stop,
                     [&](HttpExchange& exchange) { answer = exchange.Take().answer; });
    return *std::move(answer);
  }

  /// The request to be made instead, if `answer` asks for one.
  std::optional<OutgoingRequest> Redirected(const OutgoingRequest& request,
                                            const Result<HttpAnswer>& answer) const {
    constexpr int kTemporaryRedirect = 307;
    constexpr int kPermanentRedirect = 308;
    if (!answer || !settings_.follow_redirects) return std::nullopt;
    if (answer->status != kTemporaryRedirect && answer->status != kPermanentRedirect) {
      return std::nullopt;
    }
    const std::string location(answer->Header("Location"));
    const std::optional<std::string> target = RedirectTarget(request.url, location);
    if (!target) return std::nullopt;
    OutgoingRequest redirected = request;
    redirected.url = *target;
    return redirected;
  }

  const HttpSettings settings_;
  PlainHttp plain_{settings_};
  HttpExchange exchange_{&settings_};
  HttpConnections connections_;  // They outlive each exchange.
};

}  // namespace

std::string_view HttpAnswer::Header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
    return EqualsIgnoringCase(header.first, name);
  });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

ParallelHttpClient::ParallelHttpClient() : connections_(std::make_unique<HttpConnections>()) {}

ParallelHttpClient::~ParallelHttpClient() = default;

std::vector<HttpOutcome> ParallelHttpClient::SendAll(std::span<const HttpJob> jobs,
                                                     const std::stop_token& stop) {
  std::vector<std::optional<HttpOutcome>> taken(jobs.size());
  SendAll(jobs, stop,
          [&](std::size_t job, HttpOutcome outcome) { taken[job] = std::move(outcome); });
  std::vector<HttpOutcome> outcomes;
  outcomes.reserve(jobs.size());
  for (std::optional<HttpOutcome>& outcome : taken) outcomes.push_back(*std::move(outcome));
  return outcomes;
}

void ParallelHttpClient::SendAll(std::span<const HttpJob> jobs, const std::stop_token& stop,
                                 const TakeOutcome& take) {
  while (exchanges_.size() < jobs.size()) exchanges_.push_back(std::make_unique<HttpExchange>());
  std::vector<HttpExchange*> begun;
  begun.reserve(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (exchanges_[i]->Begin(jobs[i])) {
      begun.push_back(exchanges_[i].get());
    } else {
      take(i, exchanges_[i]->Take());
    }
  }
  connections_->Run(begun, stop, [&](HttpExchange& exchange) {
    const auto job = static_cast<std::size_t>(exchange.job() - jobs.data());
    take(job, exchange.Take());
  });
}

std::unique_ptr<HttpClient> MakeHttpClient(HttpSettings settings) {
  return std::make_unique<CurlClient>(std::move(settings));
}

std::optional<std::string> HttpOrigin(const std::string& url) {
  const std::optional<HttpServerAddress> server = ParseHttpServerAddress(url);
  if (!server) return std::nullopt;
  return server->Origin();
}

std::optional<Duration> RetryAfter(const HttpAnswer& answer, TimePoint now) {
  const std::string text(answer.Header("Retry-After"));
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    constexpr int kLongestSeconds = 1'000'000'000;
    int seconds = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (read.ec != std::errc{}) seconds = kLongestSeconds;
    return std::chrono::seconds(std::min(seconds, kLongestSeconds));
  }
  const std::optional<TimePoint> moment = ParseHttpDate(text);
  if (!moment) return std::nullopt;
  return std::max(std::chrono::duration_cast<Duration>(*moment - now), Duration(0));
}

}  // namespace tocsin
