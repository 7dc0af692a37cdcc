#include <string>
#include <utility>

#include <boost/json.hpp>

#include "notify/receivers/http_post.h"
#include "notify/receivers/slack_answer.h"
#include "notify/receivers/slack_config.h"
#include "notify/receivers/slack_message.h"
#include "notify/receivers/sparkline.h"
#include "notify/receivers/text_options.h"

namespace tocsin::notify {
namespace {

using Next = Outcome::Next;

/// What is remembered of a group's message: which it is, and what it was last told, so that a
/// delivery that is tried again does not repeat what has worked.
struct PostedMessage {
  std::string channel;
  std::string ts;
  std::string event_id;  ///< Of the last notification it shows.

  bool exists() const { return !channel.empty() && !ts.empty(); }
};

std::string TextAt(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// What cannot be read is as if there were none: then a new message is posted.
PostedMessage ReadMemory(const std::string& memory) {
  boost::system::error_code problem;
  const boost::json::value value = boost::json::parse(memory, problem);
  if (problem || !value.is_object()) return {};
  const boost::json::object& object = value.get_object();
  return {TextAt(object, "channel"), TextAt(object, "ts"), TextAt(object, "event_id")};
}

std::string ToMemory(const PostedMessage& message) {
  return boost::json::serialize(boost::json::object{
      {"channel", message.channel}, {"ts", message.ts}, {"event_id", message.event_id}});
}

class SlackSender final : public Sender {
 public:
  SlackSender(const SlackConfig& config, SenderParts parts)
      : config_(config),
        parts_(std::move(parts)),
        post_(parts_, config_.http),
        texts_("slack", parts_.log) {}

  Outcome Send(Delivery& delivery, std::stop_token stop) override {
    const Notification& notification = delivery.notification;
    sparklines_ = config_.has_own_format ? std::vector<std::string>(notification.alerts.size())
                                         : SparklinesOf(notification, parts_.recent_values);
    texts_.Begin(TemplateData({.notification = &notification,
                               .external_url = parts_.external_url,
                               .sparklines = sparklines_,
                               .escape = config_.escapes ? &SlackEscaped : &Unescaped}),
                 SlackEscaped(ShortText(notification)));
    SlackMessage message(config_, notification, parts_.external_url, sparklines_, texts_);
    if (!config_.updates_message) return Tell(message, Method::kPost, {}, stop).outcome;
    return SendUpdating(delivery, message, stop);
  }

 private:
  enum class Method { kPost, kUpdate };

  /// Posts the group's message, or changes it and says below it what has changed.
  Outcome SendUpdating(Delivery& delivery, SlackMessage& message, const std::stop_token& stop) {
    const Notification& notification = delivery.notification;
    PostedMessage posted = ReadMemory(delivery.memory);
    const bool was_told = posted.exists() && posted.event_id == notification.event_id;
    const bool begins = notification.reason == NotifyReason::kFirst ||
                        notification.reason == NotifyReason::kTest || !posted.exists();
    if (begins && was_told) return {};
    if (begins) return PostAnew(delivery, message, stop);
    if (!was_told) {
      const SlackAnswer answer =
          Tell(message, Method::kUpdate, {.channel = posted.channel, .ts = posted.ts}, stop);
      if (answer.is_lost) return PostAnew(delivery, message, stop);
      if (answer.outcome.next != Next::kDelivered) return answer.outcome;
      posted.event_id = notification.event_id;
      delivery.memory = ToMemory(posted);
    }
    return Reply(message, posted, stop);
  }

  Outcome PostAnew(Delivery& delivery, SlackMessage& message, const std::stop_token& stop) {
    const SlackAnswer answer = Tell(message, Method::kPost, {}, stop);
    if (answer.outcome.next == Next::kDelivered) {
      delivery.memory = ToMemory({answer.channel, answer.ts, delivery.notification.event_id});
    }
    return answer.outcome;
  }

  Outcome Reply(SlackMessage& message, const PostedMessage& posted, const std::stop_token& stop) {
    if (!config_.replies_in_thread) return {};
    std::string reply = message.Changes({.channel = posted.channel, .thread_ts = posted.ts});
    if (reply.empty()) return {};
    const SlackAnswer answer = Post(Method::kPost, std::move(reply), stop);
    // The message itself is up to date: a reply that Slack will not have is not worth an alarm.
    if (answer.outcome.next == Next::kGiveUp && answer.outcome.reason == FailureReason::kInvalid) {
      return {};
    }
    return answer.outcome;
  }

  /// Once more in a plain form if Slack does not like the form.
  SlackAnswer Tell(SlackMessage& message, Method method, const SlackPlace& place,
                   const std::stop_token& stop) {
    SlackAnswer answer = Post(method, message.Full(place), stop);
    if (!answer.is_malformed) return answer;
    if (parts_.log != nullptr) {
      parts_.log->Warn("slack refuses the form of a message, sending it plain",
                       {{"error", answer.outcome.message}});
    }
    return Post(method, message.Plain(place), stop);
  }

  SlackAnswer Post(Method method, std::string body, const std::stop_token& stop) {
    HttpPost::Request request{.body = std::move(body)};
    std::string url;
    if (config_.uses_web_api()) {
      Result<Secret> token = config_.token.Read();
      if (!token) return {.outcome = Judge(token.error(), parts_.clock->Now())};
      if (!token->empty()) {
        request.headers.emplace_back("Authorization", "Bearer " + token->Reveal());
        request.secrets.push_back(std::move(*token));
      }
      url = UrlOf(method);
      request.plain_url = url;
    } else {
      request.url = &config_.webhook_url;
    }
    const Result<HttpAnswer> answer = post_.Send(std::move(request), stop);
    Outcome judged = post_.JudgeAnswer(answer);
    SlackAnswer read = config_.uses_web_api() ? ReadWebApiAnswer(answer, std::move(judged))
                                              : ReadWebhookAnswer(answer, std::move(judged));
    read.outcome.message = post_.Redacted(std::move(read.outcome.message));
    return read;
  }

  std::string UrlOf(Method method) const {
    constexpr std::string_view kPost = "postMessage";
    if (method == Method::kPost) return config_.post_url;
    return config_.post_url.substr(0, config_.post_url.size() - kPost.size()) + "update";
  }

  const SlackConfig config_;
  const SenderParts parts_;
  HttpPost post_;
  TextExpander texts_;
  std::vector<std::string> sparklines_;
};

}  // namespace

std::unique_ptr<Sender> SlackConfig::MakeSender(SenderParts parts) const {
  return std::make_unique<SlackSender>(*this, std::move(parts));
}

}  // namespace tocsin::notify
