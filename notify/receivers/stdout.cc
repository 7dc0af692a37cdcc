#include "notify/receivers/stdout.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <string_view>
#include <utility>

#include "notify/receivers/sparkline.h"
#include "notify/receivers/text_options.h"

namespace tocsin::notify {
namespace {

/// What a pipe takes at once whenever poll() says that it takes anything.
constexpr std::size_t kPiece = PIPE_BUF;

Outcome Failed(Outcome::Next next, FailureReason reason, std::string_view message) {
  return {next, reason, std::string(message), std::nullopt};
}

/// Waits for a reader that does not read until `stop`, not longer.
Outcome WriteAll(std::string_view text, const std::stop_token& stop) {
  constexpr int kLookMilliseconds = 100;
  while (!text.empty()) {
    pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
    const int ready = poll(&out, 1, kLookMilliseconds);
    if (stop.stop_requested()) {
      return Failed(Outcome::Next::kRetry, FailureReason::kTimeout, "nobody reads standard output");
    }
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t written = write(STDOUT_FILENO, text.data(), std::min(text.size(), kPiece));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written <= 0) {
      return Failed(Outcome::Next::kGiveUp, FailureReason::kUnreachable,
                    "cannot write to standard output");
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
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

  Outcome Send(Delivery& delivery, std::stop_token stop) override {
    const Notification& notification = delivery.notification;
    texts_.Begin(TemplateData({.notification = &notification,
                               .external_url = parts_.external_url,
                               .sparklines = SparklinesOf(notification, parts_.recent_values)}),
                 ShortText(notification));
    std::string text = WithoutControls(texts_.Main(config_.text));
    if (!text.ends_with('\n')) text += '\n';
    return WriteAll(text, stop);
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
