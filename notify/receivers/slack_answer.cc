#include "notify/receivers/slack_answer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "notify/receivers/cut_text.h"

namespace tocsin::notify {
namespace {

using Next = Outcome::Next;

/// What Slack asks for when it does not say how long.
constexpr Duration kPause = std::chrono::seconds(1);

enum class Remedy { kNone, kPlainer, kPostAnew };

/// A word of an answer. All that are not here are final.
struct Meaning {
  std::string_view word;
  Next next = Next::kGiveUp;
  FailureReason reason = FailureReason::kInvalid;
  Remedy remedy = Remedy::kNone;
};
constexpr std::array<Meaning, 37> kMeanings = {{
    {"ratelimited", Next::kRetry, FailureReason::kRateLimit},
    {"rate_limited", Next::kRetry, FailureReason::kRateLimit},
    {"message_limit_exceeded", Next::kRetry, FailureReason::kRateLimit},
    {"internal_error", Next::kRetry, FailureReason::kServer},
    {"service_unavailable", Next::kRetry, FailureReason::kServer},
    {"fatal_error", Next::kRetry, FailureReason::kServer},
    {"rollup_error", Next::kRetry, FailureReason::kServer},
    {"team_added_to_org", Next::kRetry, FailureReason::kServer},
    {"request_timeout", Next::kRetry, FailureReason::kTimeout},
    {"invalid_auth", Next::kGiveUp, FailureReason::kAuth},
    {"not_authed", Next::kGiveUp, FailureReason::kAuth},
    {"account_inactive", Next::kGiveUp, FailureReason::kAuth},
    {"token_expired", Next::kGiveUp, FailureReason::kAuth},
    {"token_revoked", Next::kGiveUp, FailureReason::kAuth},
    {"no_permission", Next::kGiveUp, FailureReason::kAuth},
    {"missing_scope", Next::kGiveUp, FailureReason::kAuth},
    {"not_allowed_token_type", Next::kGiveUp, FailureReason::kAuth},
    {"access_denied", Next::kGiveUp, FailureReason::kAuth},
    {"org_login_required", Next::kGiveUp, FailureReason::kAuth},
    {"action_prohibited", Next::kGiveUp, FailureReason::kAuth},
    {"invalid_token", Next::kGiveUp, FailureReason::kAuth},
    {"invalid_payload", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"invalid_blocks", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"invalid_blocks_format", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"invalid_attachments", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"invalid_arguments", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"invalid_form_data", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"invalid_json", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"msg_too_long", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"msg_blocks_too_long", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"no_text", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"too_many_attachments", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"user_not_found", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPlainer},
    {"message_not_found", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPostAnew},
    {"cant_update_message", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPostAnew},
    {"edit_window_closed", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPostAnew},
    {"thread_not_found", Next::kGiveUp, FailureReason::kInvalid, Remedy::kPostAnew},
}};

std::string TextAt(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string());
}

std::optional<boost::json::object> ObjectIn(std::string_view body) {
  boost::system::error_code problem;
  boost::json::value value = boost::json::parse(body, problem);
  if (problem || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

/// By what an answer of any status says. `word` is "invalid_blocks: ..." or the like.
void ApplyWord(std::string_view word, SlackAnswer& answer) {
  const auto found = std::find_if(kMeanings.begin(), kMeanings.end(), [&](const Meaning& meaning) {
    return word.substr(0, word.find_first_of(": \r\n")) == meaning.word;
  });
  if (found == kMeanings.end()) return;
  answer.outcome.next = found->next;
  answer.outcome.reason = found->reason;
  answer.is_malformed = found->remedy == Remedy::kPlainer;
  answer.is_lost = found->remedy == Remedy::kPostAnew;
}

/// Older answers say in the body how long to wait.
void FillInPause(const std::optional<boost::json::object>& body, Outcome& outcome) {
  const bool is_limited =
      outcome.next == Next::kRetry && outcome.reason == FailureReason::kRateLimit;
  if (!is_limited || outcome.retry_after) return;
  outcome.retry_after = kPause;
  if (!body) return;
  const boost::json::value* const seconds = body->if_contains("retry_after");
  if (seconds == nullptr || !seconds->is_int64()) return;
  constexpr std::int64_t kLongestSeconds = 3600;
  outcome.retry_after =
      std::chrono::seconds(std::clamp<std::int64_t>(seconds->get_int64(), 0, kLongestSeconds));
}

SlackAnswer Failed(const HttpAnswer& answer, Outcome judged) {
  SlackAnswer read{.outcome = std::move(judged)};
  const std::optional<boost::json::object> body = ObjectIn(answer.body);
  ApplyWord(body ? TextAt(*body, "error") : answer.body, read);
  FillInPause(body, read.outcome);
  return read;
}

/// An answer of status 200 that says that it failed.
SlackAnswer Refused(const boost::json::object& body) {
  constexpr std::size_t kMostShown = 80;
  const std::string word = TextAt(body, "error");
  SlackAnswer read;
  read.outcome = {Next::kGiveUp, FailureReason::kInvalid,
                  fmt::format("slack says {}", CutToCharacters(word, kMostShown)), std::nullopt};
  ApplyWord(word, read);
  FillInPause(body, read.outcome);
  return read;
}

bool SaysNotOk(const boost::json::object& body) {
  const boost::json::value* const ok = body.if_contains("ok");
  return ok != nullptr && ok->is_bool() && !ok->get_bool();
}

}  // namespace

SlackAnswer ReadWebhookAnswer(const Result<HttpAnswer>& answer, Outcome judged) {
  if (!answer) return {.outcome = std::move(judged)};
  if (!answer->ok()) return Failed(*answer, std::move(judged));
  const std::optional<boost::json::object> body = ObjectIn(answer->body);
  if (body && SaysNotOk(*body)) return Refused(*body);
  return {.outcome = std::move(judged)};
}

SlackAnswer ReadWebApiAnswer(const Result<HttpAnswer>& answer, Outcome judged) {
  if (!answer) return {.outcome = std::move(judged)};
  if (!answer->ok()) return Failed(*answer, std::move(judged));
  const std::optional<boost::json::object> body = ObjectIn(answer->body);
  if (!body || !body->contains("ok")) {
    return {.outcome = {Next::kRetry, FailureReason::kServer, "the answer is none of Slack's",
                        std::nullopt}};
  }
  if (SaysNotOk(*body)) return Refused(*body);
  return {
      .outcome = std::move(judged), .channel = TextAt(*body, "channel"), .ts = TextAt(*body, "ts")};
}

}  // namespace tocsin::notify
