// Posting to an address that may itself be a secret.

#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http_client.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/yaml.h"
#include "notify/outcome.h"
#include "notify/receiver.h"

namespace tocsin::notify {

/// `http_config` of an entry, or what is given for all.
HttpSettings ReadHttpConfig(YamlMap& options, const HttpSettings& otherwise,
                            std::string_view key = "http_config");

/// The URL at `key` or in the file at `key`_file, which is a secret; not set if neither is there.
/// Mistakes are reported without showing what is there.
SecretSource ReadSecretUrl(YamlMap& options, std::string_view key);

/// Sends the requests of one sender. Secrets that an answer repeats do not get into messages. One
/// thread at a time.
class HttpPost {
 public:
  HttpPost(const SenderParts& parts, HttpSettings settings);

  struct Request {
    const SecretSource* url = nullptr;  ///< Of the two URLs this, if it is not null.
    std::string_view plain_url = {};
    std::vector<std::pair<std::string, std::string>> headers = {};  ///< Beside Content-Type.
    std::string body = {};                                          ///< JSON.
    std::vector<Secret> secrets = {};  ///< In headers and body: never to be shown.
  };
  /// The answer. Fails as HttpClient does, and with kDenied if the URL cannot be read.
  Result<HttpAnswer> Send(Request request, const std::stop_token& stop);

  /// Judge(), without secrets of the last request.
  Outcome JudgeAnswer(const Result<HttpAnswer>& answer) const;
  /// `text` without secrets of the last request.
  std::string Redacted(std::string text) const;

 private:
  const Clock* const clock_;
  HttpSettings settings_;
  std::unique_ptr<HttpClient> client_;
  std::vector<Secret> secrets_;
  std::optional<Secret> secret_url_;  ///< Of the last request.
};

/// `text` with "<secret>" in place of what must not be shown. Secrets of fewer than four characters
/// are words that anything may contain, and stay.
std::string WithoutSecrets(std::string text, const std::vector<Secret>& secrets);

}  // namespace tocsin::notify
