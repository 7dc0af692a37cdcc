#include "notify/receivers/http_post.h"

#include <fmt/format.h>

#include "base/http_options.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kHidden = "<secret>";

/// The URL, and the longer words of its path and query: an answer may repeat one without the rest.
void AddUrl(const std::string& url, std::vector<Secret>& secrets) {
  constexpr std::size_t kShortestWord = 6;
  constexpr std::string_view kBetween = "/?&=#";
  secrets.emplace_back(url);
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  std::size_t begin = url.find_first_of(kBetween, host);
  if (begin != std::string::npos) secrets.emplace_back(url.substr(begin));
  const std::size_t user_end = url.rfind('@', begin);
  if (user_end != std::string::npos && user_end > host) {
    const std::string user = url.substr(host, user_end - host);
    const std::size_t colon = user.find(':');
    secrets.emplace_back(colon == std::string::npos ? user : user.substr(colon + 1));
  }
  while (begin != std::string::npos) {
    const std::size_t end = url.find_first_of(kBetween, begin + 1);
    std::string word = url.substr(begin + 1, end == std::string::npos ? end : end - begin - 1);
    if (word.size() >= kShortestWord) secrets.emplace_back(std::move(word));
    begin = end;
  }
}

void AddSource(const SecretSource& source, std::vector<Secret>& secrets) {
  Result<Secret> secret = source.Read();
  if (secret) secrets.push_back(std::move(*secret));
}

void AddSettings(const HttpSettings& settings, std::vector<Secret>& secrets) {
  if (settings.basic_auth) AddSource(settings.basic_auth->password, secrets);
  if (settings.authorization) AddSource(settings.authorization->credentials, secrets);
  for (const HttpHeader& header : settings.headers) AddSource(header.value, secrets);
  if (settings.proxy_url) secrets.push_back(*settings.proxy_url);
}

}  // namespace

HttpSettings ReadHttpConfig(YamlMap& options, const HttpSettings& otherwise, std::string_view key) {
  const YamlNode* const node = options.Node(key);
  if (node == nullptr) return otherwise;
  YamlMap http(*node, options.diagnostics());
  http.Reserve("oauth2", "is not supported: use authorization with credentials_file");
  http.Reserve("no_proxy", "is not supported: use proxy_from_environment");
  http.Reserve("proxy_connect_header", "is not supported");
  http.BoolOr("enable_http2", true);
  HttpSettings settings = ReadHttpSettings(http);
  settings.timeout = otherwise.timeout;
  return settings;
}

SecretSource ReadSecretUrl(YamlMap& options, std::string_view key) {
  SecretSource source = options.SecretOf(key);
  const std::string url = options.StringOr(key, "");
  if (!url.empty() && !HttpOrigin(url)) {
    options.Refuse(key, "expected a URL that begins with http:// or https://");
  }
  return source;
}

HttpPost::HttpPost(const SenderParts& parts, HttpSettings settings)
    : clock_(parts.clock), settings_(std::move(settings)) {
  settings_.user_agent = parts.user_agent;
  client_ = parts.make_client(settings_);
}

Result<HttpAnswer> HttpPost::Send(Request request, const std::stop_token& stop) {
  secrets_ = std::move(request.secrets);
  secret_url_.reset();
  OutgoingRequest outgoing{.method = "POST", .url = std::string(request.plain_url)};
  if (request.url != nullptr) {
    const Result<Secret> url = request.url->Read();
    if (!url) return url.error();
    if (url->empty()) return Error{ErrorCode::kDenied, "the file of the URL is empty"};
    outgoing.url = url->Reveal();
    secret_url_ = *url;
  }
  outgoing.headers = std::move(request.headers);
  outgoing.headers.emplace_back("Content-Type", "application/json");
  outgoing.body = std::move(request.body);
  return client_->Send(outgoing, stop);
}

Outcome HttpPost::JudgeAnswer(const Result<HttpAnswer>& answer) const {
  if (answer && answer->ok()) {
    Outcome delivered;
    delivered.message = fmt::format("status {}", answer->status);
    return delivered;
  }
  if (answer) {  // Before it is cut, which might leave half a secret.
    HttpAnswer shown = *answer;
    shown.body = Redacted(std::move(shown.body));
    return Judge(shown, clock_->Now());
  }
  Outcome outcome = Judge(answer, clock_->Now());
  outcome.message = Redacted(std::move(outcome.message));
  return outcome;
}

std::string HttpPost::Redacted(std::string text) const {
  std::vector<Secret> secrets = secrets_;
  if (secret_url_) AddUrl(secret_url_->Reveal(), secrets);
  AddSettings(settings_, secrets);
  return WithoutSecrets(std::move(text), secrets);
}

std::string WithoutSecrets(std::string text, const std::vector<Secret>& secrets) {
  constexpr std::size_t kShortest = 4;
  for (const Secret& secret : secrets) {
    const std::string& hidden = secret.Reveal();
    if (hidden.size() < kShortest) continue;
    for (std::size_t at = text.find(hidden); at != std::string::npos;
         at = text.find(hidden, at + kHidden.size())) {
      text.replace(at, hidden.size(), kHidden);
    }
  }
  return text;
}

}  // namespace tocsin::notify
