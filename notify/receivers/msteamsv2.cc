#include "notify/receivers/msteamsv2.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "notify/receivers/cut_text.h"
#include "notify/receivers/http_post.h"
#include "notify/receivers/sparkline.h"
#include "notify/receivers/text_options.h"

namespace tocsin::notify {
namespace {

constexpr std::size_t kMostTitle = 500;

std::string Card(bool is_firing, std::string_view title, std::string_view text) {
  std::string card;
  JsonWriter json(card);
  json.BeginObject().Key("type").String("message").Key("attachments").BeginArray().BeginObject();
  json.Key("contentType").String("application/vnd.microsoft.card.adaptive");
  json.Key("contentUrl").Raw("null").Key("content").BeginObject();
  json.Key("$schema").String("http://adaptivecards.io/schemas/adaptive-card.json");
  json.Key("type").String("AdaptiveCard").Key("version").String("1.4").Key("body").BeginArray();
  json.BeginObject().Key("type").String("TextBlock").Key("text").String(title);
  json.Key("weight").String("Bolder").Key("size").String("Medium").Key("wrap").Bool(true);
  json.Key("style").String("heading");
  json.Key("color").String(is_firing ? "Attention" : "Good").EndObject();
  json.BeginObject().Key("type").String("TextBlock").Key("text").String(text);
  json.Key("wrap").Bool(true).EndObject().EndArray();
  json.Key("msTeams").BeginObject().Key("width").String("full").EndObject();
  json.EndObject().EndObject().EndArray().EndObject();
  return card;
}

/// The card with as much of the text as Teams takes. How many bytes a text takes depends on what
/// has to be escaped in it, so it is measured.
std::string FittingCard(bool is_firing, const std::string& title, std::string text) {
  text = CutToBytes(text, Msteamsv2Config::kMostBytes);
  std::string card = Card(is_firing, title, text);
  while (card.size() > Msteamsv2Config::kMostBytes && !text.empty()) {
    const std::size_t excess = card.size() - Msteamsv2Config::kMostBytes;
    // What is left out may be escaped as much as six to one.
    const std::size_t keep =
        text.size() - std::min(text.size(), std::max<std::size_t>(excess / 6, 64));
    text = CutToBytes(text, keep);
    card = Card(is_firing, title, text);
  }
  return card;
}

/// Workflows of old answer 200 and say in the body that they could not deliver.
Outcome FailureInBody(const HttpAnswer& answer) {
  if (answer.body.find("delivery failed") == std::string::npos) return {};
  const bool is_limit = answer.body.find("429") != std::string::npos;
  return {is_limit ? Outcome::Next::kRetry : Outcome::Next::kGiveUp,
          is_limit ? FailureReason::kRateLimit : FailureReason::kInvalid,
          "teams says that delivery failed", std::nullopt};
}

class Msteamsv2Sender final : public Sender {
 public:
  Msteamsv2Sender(const Msteamsv2Config& config, SenderParts parts)
      : config_(config),
        parts_(std::move(parts)),
        post_(parts_, config_.http),
        texts_("msteamsv2", parts_.log) {}

  Outcome Send(Delivery& delivery, std::stop_token stop) override {
    const Notification& notification = delivery.notification;
    texts_.Begin(TemplateData({.notification = &notification,
                               .external_url = parts_.external_url,
                               .sparklines = SparklinesOf(notification, parts_.recent_values)}),
                 ShortText(notification));
    const std::string title = CutToCharacters(texts_.Main(config_.title), kMostTitle);
    HttpPost::Request request{.url = &config_.webhook_url};
    request.body = FittingCard(notification.is_firing(), title, texts_.Main(config_.text));
    const Result<HttpAnswer> answer = post_.Send(std::move(request), stop);
    Outcome outcome = post_.JudgeAnswer(answer);
    return answer && answer->ok() ? FailureInBody(*answer) : outcome;
  }

 private:
  const Msteamsv2Config config_;
  const SenderParts parts_;
  HttpPost post_;
  TextExpander texts_;
};

}  // namespace

std::unique_ptr<Sender> Msteamsv2Config::MakeSender(SenderParts parts) const {
  return std::make_unique<Msteamsv2Sender>(*this, std::move(parts));
}

std::unique_ptr<Integration> ReadMsteamsv2(YamlMap& options, const ReceiverDefaults& defaults) {
  auto config = std::make_unique<Msteamsv2Config>();
  config->send_resolved = options.BoolOr("send_resolved", true);
  config->rate_limit = {.per_second = 1, .burst = 4};
  config->webhook_url = ReadSecretUrl(options, "webhook_url");
  if (!config->webhook_url.is_set()) {
    options.diagnostics().Add(options.place(), "expected webhook_url or webhook_url_file");
  }
  config->title = ReadText(options, "title", R"({{ template "msteamsv2.default.title" . }})",
                           *defaults.templates);
  config->text = ReadText(options, "text", R"({{ template "msteamsv2.default.text" . }})",
                          *defaults.templates);
  config->http = ReadHttpConfig(options, defaults.http);
  config->http.timeout = options.PositiveDurationOr("timeout", config->http.timeout);
  return config;
}

}  // namespace tocsin::notify
