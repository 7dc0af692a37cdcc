#include "notify/receivers/stdout.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "notify/receivers/sparkline.h"
#include "notify/receivers/text_options.h"

namespace tocsin::notify {
namespace {

/// All of it, or not: then standard output is closed or full.
bool WriteAll(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Labels may hold anything; a terminal must not obey them.
std::string WithoutControls(std::string text) {
  for (char& c : text) {
    const bool is_control = static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    if (is_control && c != '\n') c = ' ';
  }
  return text;
}

class StdoutSender final : public Sender {
 public:
  StdoutSender(const StdoutConfig& config, SenderParts parts)
      : config_(config), parts_(std::move(parts)), texts_("stdout", parts_.log) {}

  Outcome Send(Delivery& delivery, std::stop_token) override {
    const Notification& notification = delivery.notification;
    texts_.Begin(TemplateData({.notification = &notification,
                               .external_url = parts_.external_url,
                               .sparklines = SparklinesOf(notification, parts_.recent_values)}),
                 ShortText(notification));
    std::string text = WithoutControls(texts_.Main(config_.text));
    if (!text.ends_with('\n')) text += '\n';
    if (WriteAll(text)) return {};
    return {Outcome::Next::kGiveUp, FailureReason::kUnreachable, "cannot write to standard output",
            std::nullopt};
  }

 private:
  const StdoutConfig config_;
  const SenderParts parts_;
  TextExpander texts_;
};

}  // namespace

std::unique_ptr<Sender> StdoutConfig::MakeSender(SenderParts parts) const {
  return std::make_unique<StdoutSender>(*this, std::move(parts));
}

std::unique_ptr<Integration> ReadStdout(YamlMap& options, const ReceiverDefaults& defaults) {
  auto config = std::make_unique<StdoutConfig>();
  config->send_resolved = options.BoolOr("send_resolved", true);
  config->text =
      ReadText(options, "text", R"({{ template "stdout.default.text" . }})", *defaults.templates);
  return config;
}

}  // namespace tocsin::notify
