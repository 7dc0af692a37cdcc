#include "exporter/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <cstddef>
#include <cstring>

#include <fmt/format.h>

#include "base/file_descriptor.h"

namespace tocsin {

ServiceManager::ServiceManager(const char* socket) : address_(socket == nullptr ? "" : socket) {
  const bool has_known_form = address_.starts_with('/') || address_.starts_with('@');
  if (!has_known_form || address_.size() >= sizeof(sockaddr_un::sun_path)) address_.clear();
}

void ServiceManager::TellReady(std::string_view status) const {
  Tell(fmt::format("READY=1\nSTATUS={}\n", status));
}

void ServiceManager::TellReloading() const {
  // The clock of CLOCK_MONOTONIC, by which systemd tells this reload from earlier ones.
  const auto now = std::chrono::floor<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
  Tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n", now.count()));
}

void ServiceManager::TellStopping() const {
  Tell("STOPPING=1\n");
}

void ServiceManager::Tell(std::string_view message) const {
  if (!is_there()) return;
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.ok()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  // Who does not listen any more misses it: a service that stops for that would be worse.
  static_cast<void>(sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&to), size));
}

}  // namespace tocsin
