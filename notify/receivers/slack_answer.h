// What Slack answers, and what that means.

#pragma once

#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/result.h"
#include "notify/outcome.h"

namespace tocsin::notify {

struct SlackAnswer {
  Outcome outcome = {};
  bool is_malformed = false;  ///< Slack does not like the form: a plainer one may do.
  bool is_lost = false;       ///< There is no message any more that could be updated.
  std::string channel = {};   ///< Of the message, by the Web API: the channel's id ...
  std::string ts = {};        ///< ... and the message's name in it.
};

/// Of an incoming webhook: by the status, and by the words of the answer. `judged` is Judge()'s.
SlackAnswer ReadWebhookAnswer(const Result<HttpAnswer>& answer, Outcome judged);

/// Of the Web API, which answers 200 also when it fails.
/// Source: Slack's documentation, "chat.postMessage", "chat.update", Errors.
SlackAnswer ReadWebApiAnswer(const Result<HttpAnswer>& answer, Outcome judged);

}  // namespace tocsin::notify
