#include "exporter/socket_activation.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace tocsin {
namespace {

constexpr int kFirst = 3;  ///< SD_LISTEN_FDS_START
constexpr int kMost = 1024;

std::optional<int> ParseNumber(std::string_view text) {
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<int> CountHandedOver(const char* listen_pid, const char* listen_fds, pid_t self) {
  if (listen_pid == nullptr || listen_fds == nullptr) return 0;
  const std::optional<int> pid = ParseNumber(listen_pid);
  if (!pid) {
    return Error{ErrorCode::kInvalidInput,
                 fmt::format("LISTEN_PID: expected a process, got '{}'", listen_pid)};
  }
  if (*pid != self) return 0;
  const std::optional<int> count = ParseNumber(listen_fds);
  if (!count || *count < 0 || *count > kMost) {
    return Error{ErrorCode::kInvalidInput,
                 fmt::format("LISTEN_FDS: expected a number of sockets, got '{}'", listen_fds)};
  }
  return *count;
}

Result<std::vector<Listener>> TakeHandedOverSockets() {
  // There is one thread yet: nobody changes the environment meanwhile.
  const char* const pid = std::getenv("LISTEN_PID");     // NOLINT(concurrency-mt-unsafe)
  const char* const number = std::getenv("LISTEN_FDS");  // NOLINT(concurrency-mt-unsafe)
  const Result<int> count = CountHandedOver(pid, number, getpid());
  if (!count) return count.error();
  std::vector<Listener> listeners;
  for (int fd = kFirst; fd < kFirst + *count; ++fd) {
    Result<Listener> listener = AdoptListener(FileDescriptor(fd));
    if (!listener) {
      return listener.error().Within(fmt::format("descriptor {}, handed over", fd));
    }
    listeners.push_back(std::move(*listener));
  }
  return listeners;
}

}  // namespace tocsin
