#include "notify/receivers/email.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/http_options.h"
#include "base/text.h"
#include "notify/receivers/digests.h"
#include "notify/receivers/sparkline.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kImplicitTlsPort = "465";

class EmailSender final : public Sender {
 public:
  EmailSender(const EmailConfig& config, SenderParts parts)
      : config_(config), parts_(std::move(parts)), texts_("email", parts_.log) {}

  Outcome Send(Delivery& delivery, std::stop_token stop) override {
    const Notification& notification = delivery.notification;
    texts_.Begin(TemplateData({.notification = &notification,
                               .external_url = parts_.external_url,
                               .sparklines = SparklinesOf(notification, parts_.recent_values)}),
                 ShortText(notification));
    const std::string from = texts_.Detail(config_.from);
    const std::string to = texts_.Detail(config_.to);
    Envelope envelope{.from = AddressIn(from), .to = {}};
    for (const std::string& mailbox : MailboxesIn(to)) {
      envelope.to.push_back(AddressIn(mailbox));
    }
    if (envelope.to.empty()) {
      return {Outcome::Next::kGiveUp, FailureReason::kInvalid, "nobody to send it to",
              std::nullopt};
    }
    return SendMail(config_.server, envelope, MailBytes(Write(notification, from, to)), stop);
  }

 private:
  Mail Write(const Notification& notification, const std::string& from, const std::string& to) {
    const std::string address = AddressIn(from);
    const std::string domain = address.substr(std::min(address.rfind('@') + 1, address.size()));
    Mail mail;
    for (const auto& [name, text] : config_.headers) {
      const bool is_subject = EqualsIgnoringCase(name, "subject");
      mail.headers.emplace_back(name, is_subject ? texts_.Main(text) : texts_.Detail(text));
    }
    mail.headers.emplace_back("From", from);
    mail.headers.emplace_back("To", to);
    mail.headers.emplace_back("Date", MailDate(notification.decided_at));
    mail.headers.emplace_back("Message-Id", fmt::format("<{}@{}>", notification.event_id, domain));
    if (config_.has_threads) {
      const std::string first =
          fmt::format("<group-{}@{}>", Sha256Hex(notification.group_key).substr(0, 32), domain);
      mail.headers.emplace_back("References", first);
      mail.headers.emplace_back("In-Reply-To", first);
    }
    mail.headers.emplace_back("X-Tocsin-Event-Id", notification.event_id);
    mail.headers.emplace_back("Auto-Submitted", "auto-generated");
    mail.html = texts_.Detail(config_.html);
    mail.text = texts_.Main(config_.text);
    mail.boundary = "tocsin-" + Sha256Hex(notification.event_id).substr(0, 32);
    return mail;
  }

  const EmailConfig config_;
  const SenderParts parts_;
  TextExpander texts_;
};

/// "mail.example.org:25", "[::1]:25".
void ReadSmarthost(YamlMap& options, const ReceiverDefaults& defaults, MailServer& server) {
  const std::string address = options.StringOr("smarthost", defaults.smtp_smarthost);
  const std::size_t colon = address.rfind(':');
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (address.empty()) {
    options.diagnostics().Add(options.place(), "expected smarthost, or smtp_smarthost in global");
    return;
  }
  server.host = address.substr(0, colon);
  server.port = colon == std::string::npos ? "" : address.substr(colon + 1);
  const bool is_port = !server.port.empty() && server.port.size() <= 5 &&
                       std::all_of(server.port.begin(), server.port.end(), is_digit);
  const bool is_host =
      !server.host.empty() && server.host.find_first_of(" /@\t\r\n") == std::string::npos;
  if (!is_port || !is_host) options.Refuse("smarthost", "expected host:port");
  server.implicit_tls = options.BoolOr("force_implicit_tls", server.port == kImplicitTlsPort);
}

void ReadServer(YamlMap& options, const ReceiverDefaults& defaults, MailServer& server) {
  ReadSmarthost(options, defaults, server);
  server.hello = options.StringOr("hello", defaults.smtp_hello);
  if (server.hello.find_first_of(" /?#\t\r\n") != std::string::npos) {
    options.Refuse("hello", "expected a host name");
  }
  server.username = options.StringOr("auth_username", defaults.smtp_username);
  server.identity = options.StringOr("auth_identity", defaults.smtp_identity);
  server.password = options.SecretOf("auth_password");
  if (!server.password.is_set()) server.password = defaults.smtp_password;
  for (const std::string_view key : {"auth_secret", "auth_secret_file"}) {
    if (options.Has(key)) options.diagnostics().NoteSecret(options.PlaceOf(key));
    options.Reserve(key, "is not supported: use auth_password");
  }
  server.require_tls = options.BoolOr("require_tls", defaults.smtp_require_tls);
  server.tls = ReadTlsSettings(options, "tls_config", defaults.smtp_tls);
  server.timeout = options.PositiveDurationOr("timeout", server.timeout);
}

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kAllowed = "-_abcdefghijklmnopqrstuvwxyz0123456789";
  return !name.empty() && LowerCase(name).find_first_not_of(kAllowed) == std::string::npos;
}

void ReadHeaders(YamlMap& options, const MessageTemplates& templates, EmailConfig& config) {
  config.headers = ReadTexts(options, "headers", templates);
  bool has_subject = false;
  for (const auto& [name, text] : config.headers) {
    if (!IsHeaderName(name)) options.Refuse("headers", "\"" + name + "\" is no name of a header");
    has_subject = has_subject || EqualsIgnoringCase(name, "subject");
  }
  if (has_subject) return;
  Result<MessageText> subject = templates.Parse(R"({{ template "email.default.subject" . }})");
  if (subject) config.headers.emplace_back("Subject", std::move(*subject));
}

}  // namespace

std::unique_ptr<Sender> EmailConfig::MakeSender(SenderParts parts) const {
  return std::make_unique<EmailSender>(*this, std::move(parts));
}

std::unique_ptr<Integration> ReadEmail(YamlMap& options, const ReceiverDefaults& defaults) {
  const MessageTemplates& templates = *defaults.templates;
  auto config = std::make_unique<EmailConfig>();
  config->send_resolved = options.BoolOr("send_resolved", false);  // As in Alertmanager.
  ReadServer(options, defaults, config->server);
  config->to = ReadText(options, "to", "", templates);
  if (!options.Has("to")) options.Refuse("to", "expected an address");
  config->from = ReadText(options, "from", defaults.smtp_from, templates);
  if (config->from.empty()) {
    options.diagnostics().Add(options.place(), "expected from, or smtp_from in global");
  }
  config->html = ReadText(options, "html", R"({{ template "email.default.html" . }})", templates);
  config->text = ReadText(options, "text", R"({{ template "email.default.text" . }})", templates);
  ReadHeaders(options, templates, *config);
  if (const YamlNode* const node = options.Node("threading")) {
    YamlMap threading(*node, options.diagnostics());
    config->has_threads = threading.BoolOr("enabled", true);
    threading.Reserve("thread_by_date", "is not supported: a group's mails are one thread");
  }
  return config;
}

}  // namespace tocsin::notify
