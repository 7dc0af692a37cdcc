#include "notify/receivers/mail_client.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/curl_handle.h"
#include "notify/receivers/cut_text.h"
#include "notify/receivers/http_post.h"

namespace tocsin::notify {
namespace {

using Next = Outcome::Next;

/// What libcurl's callbacks work on.
struct Transfer {
  std::string_view rest;  ///< Of the mail, still to be sent.
  const std::stop_token& stop;
  std::vector<std::string> replies = {};  ///< The last line of each, short.

  /// What the server said last when it said no.
  std::string Refusal() const;
  /// Whom it refused, "ADDRESS: REPLY". Empty if it did not get as far as the mail itself.
  std::vector<std::string> RefusedOf(const std::vector<std::string>& recipients) const;
};

bool IsRefusal(std::string_view reply) {
  return reply.starts_with('4') || reply.starts_with('5');
}

std::string Transfer::Refusal() const {
  const auto last = std::find_if(replies.rbegin(), replies.rend(), IsRefusal);
  return last == replies.rend() ? std::string() : *last;
}

std::vector<std::string> Transfer::RefusedOf(const std::vector<std::string>& recipients) const {
  // libcurl asks for them one after the other, and then for leave to send the mail.
  const auto go_on = std::find_if(replies.begin(), replies.end(),
                                  [](std::string_view reply) { return reply.starts_with("354"); });
  const auto asked = static_cast<std::size_t>(go_on - replies.begin());
  if (go_on == replies.end() || asked < recipients.size()) return {};
  std::vector<std::string> refused;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const std::string& reply = replies[asked - recipients.size() + i];
    if (IsRefusal(reply)) refused.push_back(fmt::format("{}: {}", recipients[i], reply));
  }
  return refused;
}

std::size_t GiveBytes(char* to, std::size_t size, std::size_t count, void* data) {
  Transfer& transfer = *static_cast<Transfer*>(data);
  const std::size_t bytes = std::min(size * count, transfer.rest.size());
  std::memcpy(to, transfer.rest.data(), bytes);
  transfer.rest.remove_prefix(bytes);
  return bytes;
}

std::size_t TakeReply(char* line, std::size_t size, std::size_t count, void* data) {
  constexpr std::size_t kMostShown = 200;
  std::string_view text(line, size * count);
  text = text.substr(0, text.find_first_of("\r\n"));
  // All but the last line of a reply have a dash behind the code. Source: RFC 5321, 4.2.1.
  constexpr std::size_t kCode = 3;
  const bool is_last = text.size() <= kCode || text[kCode] != '-';
  if (is_last) static_cast<Transfer*>(data)->replies.push_back(CutToCharacters(text, kMostShown));
  return size * count;
}

int CheckStop(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(data)->stop.stop_requested() ? 1 : 0;
}

CurlTexts ListOf(const std::vector<std::string>& texts) {
  CurlTexts list;
  for (const std::string& text : texts) Append(list, text);
  return list;
}

void SetPath(CURL* curl, CURLoption option, const std::filesystem::path& path) {
  if (!path.empty()) curl_easy_setopt(curl, option, path.c_str());
}

void SetTls(CURL* curl, const MailServer& server) {
  curl_easy_setopt(curl, CURLOPT_USE_SSL,
                   static_cast<long>(server.require_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
  SetPath(curl, CURLOPT_CAINFO, server.tls.ca_file);
  SetPath(curl, CURLOPT_SSLCERT, server.tls.cert_file);
  SetPath(curl, CURLOPT_SSLKEY, server.tls.key_file);
  if (!server.tls.insecure_skip_verify) return;
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
}

void SetServer(CURL* curl, const MailServer& server, const Secret& password) {
  const std::string_view scheme = server.implicit_tls ? "smtps" : "smtp";
  const std::string url =
      fmt::format("{}://{}:{}/{}", scheme, server.host, server.port, server.hello);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, server.timeout.count());
  if (!server.username.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, server.username.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, password.Reveal().c_str());
  }
  if (!server.identity.empty()) {
    curl_easy_setopt(curl, CURLOPT_SASL_AUTHZID, server.identity.c_str());
  }
  SetTls(curl, server);
}

void SetTransfer(CURL* curl, Transfer& transfer) {
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, &GiveBytes);
  curl_easy_setopt(curl, CURLOPT_READDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &TakeReply);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &CheckStop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
}

/// By the last code of the server, where it was the server that said no.
Outcome JudgeReply(long code, std::string message) {
  constexpr long kTlsFirst = 530;
  constexpr long kMechanism = 534;
  constexpr long kCredentials = 535;
  const bool is_auth = code == kTlsFirst || code == kMechanism || code == kCredentials;
  if (is_auth) return {Next::kGiveUp, FailureReason::kAuth, std::move(message), std::nullopt};
  if (code >= 500) return {Next::kGiveUp, FailureReason::kInvalid, std::move(message), {}};
  return {Next::kRetry, FailureReason::kServer, std::move(message), std::nullopt};
}

/// What libcurl's problems mean that are none of the server's words. All are worth another try.
struct Problem {
  CURLcode curl;
  FailureReason reason;
  std::string_view words;  ///< Empty: libcurl's own.
};
constexpr std::array<Problem, 7> kProblems = {{
    {CURLE_ABORTED_BY_CALLBACK, FailureReason::kUnreachable, "stopped"},
    {CURLE_OPERATION_TIMEDOUT, FailureReason::kTimeout, "no answer in time"},
    {CURLE_USE_SSL_FAILED, FailureReason::kAuth,
     "the server offers no STARTTLS, which require_tls asks for"},
    {CURLE_PEER_FAILED_VERIFICATION, FailureReason::kAuth, ""},
    {CURLE_SSL_CACERT_BADFILE, FailureReason::kAuth, ""},
    {CURLE_SSL_CERTPROBLEM, FailureReason::kAuth, ""},
    {CURLE_SSL_ISSUER_ERROR, FailureReason::kAuth, ""},
}};

Outcome JudgeMail(CURL* curl, CURLcode result, const MailServer& server, const std::string& reply) {
  const auto* const found =
      std::find_if(kProblems.begin(), kProblems.end(),
                   [&](const Problem& problem) { return problem.curl == result; });
  const bool is_known = found != kProblems.end();
  long code = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
  if (!is_known && code >= 400) return JudgeReply(code, "the server says " + reply);
  if (result == CURLE_LOGIN_DENIED) {
    return {Next::kGiveUp, FailureReason::kAuth, "the server does not take the password",
            std::nullopt};
  }
  const std::string words =
      is_known && !found->words.empty() ? std::string(found->words) : WordsOf(curl, result);
  return {Next::kRetry, is_known ? found->reason : FailureReason::kUnreachable,
          fmt::format("{}:{}: {}", server.host, server.port, words), std::nullopt};
}

}  // namespace

Outcome SendMail(const MailServer& server, const Envelope& envelope, const std::string& bytes,
                 const std::stop_token& stop) {
  const Result<Secret> password = server.password.Read();
  if (!password) {
    return {Next::kRetry, FailureReason::kAuth, password.error().message, std::nullopt};
  }
  const CurlEasy curl = MakeCurlEasy();
  if (curl == nullptr) {
    return {Next::kRetry, FailureReason::kUnreachable, "out of memory", std::nullopt};
  }
  Transfer transfer{.rest = bytes, .stop = stop};
  SetServer(curl.get(), server, *password);
  SetTransfer(curl.get(), transfer);
  const CurlTexts recipients = ListOf(envelope.to);
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, envelope.from.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  const CURLcode result = curl_easy_perform(curl.get());
  if (result != CURLE_OK) {
    return JudgeMail(curl.get(), result, server, WithoutSecrets(transfer.Refusal(), {*password}));
  }
  Outcome delivered;
  if (const auto refused = transfer.RefusedOf(envelope.to); !refused.empty()) {
    delivered.in_part = true;
    delivered.message = WithoutSecrets(
        fmt::format("the server refuses some recipients: {}", fmt::join(refused, "; ")),
        {*password});
  }
  return delivered;
}

}  // namespace tocsin::notify
