#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "collectors/redis/session.h"

namespace tocsin::collectors {
namespace {

/// An address of either kind, as connect(2) wants it.
struct SocketAddress {
  sockaddr_storage bytes = {};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

Error Refused(int reason) {
  return {ErrorCode::kUnavailable, std::system_category().message(reason)};
}

SocketAddress UnixAddress(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  SocketAddress result;
  std::memcpy(&result.bytes, &address, sizeof(address));
  result.size = sizeof(address);
  return result;
}

Result<SocketAddress> InternetAddress(const std::string& numeric, std::uint16_t port) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  const int outcome = ::getaddrinfo(numeric.c_str(), std::to_string(port).c_str(), &hints, &raw);
  if (outcome != 0) return Error{ErrorCode::kUnavailable, ::gai_strerror(outcome)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(raw, &::freeaddrinfo);
  SocketAddress result;
  std::memcpy(&result.bytes, found->ai_addr, found->ai_addrlen);
  result.size = found->ai_addrlen;
  return result;
}

/// A machine that has vanished is noticed in about 25 s.
void KeepAlive(int socket) {
  const auto set = [socket](int level, int option, int value) {
    static_cast<void>(::setsockopt(socket, level, option, &value, sizeof(value)));
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 10'000);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
}

Result<FileDescriptor> ConnectTo(const SocketAddress& address, const Attempt& attempt) {
  FileDescriptor socket(
      ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.ok()) return Refused(errno);
  if (address.bytes.ss_family != AF_UNIX) KeepAlive(socket.get());
  if (::connect(socket.get(), address.get(), address.size) == 0) return socket;
  if (errno != EINPROGRESS) return Refused(errno);
  const SocketWait wait(attempt);
  if (!wait.For(socket.get(), POLLOUT)) {
    return Error{ErrorCode::kTimeout, "no connection in time"};
  }
  int outcome = 0;
  socklen_t size = sizeof(outcome);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &outcome, &size) != 0) outcome = errno;
  if (outcome != 0) return Refused(outcome);
  return socket;
}

/// The deadline for one of `addresses` that are left: an address that swallows packets leaves time
/// for the others.
Attempt ShareOf(const Attempt& attempt, std::size_t addresses) {
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  const Duration left = std::max(attempt.deadline - now, Duration(0));
  return {now + left / static_cast<Duration::rep>(addresses), attempt.stop};
}

}  // namespace

Result<FileDescriptor> ConnectToRedis(const RedisOptions& options, HostLookup& lookup,
                                      const Attempt& attempt) {
  if (options.host.starts_with('/')) {
    Result<FileDescriptor> socket = ConnectTo(UnixAddress(options.host), attempt);
    if (!socket) return socket.error().Within("connecting to " + options.host);
    return socket;
  }
  const Result<std::vector<std::string>> addresses = lookup.Addresses(attempt);
  if (!addresses) return addresses.error();
  std::optional<Error> first;
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    const std::string& numeric = (*addresses)[i];
    const Result<SocketAddress> address = InternetAddress(numeric, options.port);
    Result<FileDescriptor> socket =
        address ? ConnectTo(*address, ShareOf(attempt, addresses->size() - i))
                : Result<FileDescriptor>(address.error());
    if (socket) return socket;
    if (!first) {
      first = socket.error().Within("connecting to " + numeric + " port " +
                                    std::to_string(options.port));
    }
  }
  return *first;  // Of several, the first tells most: it is the one that was meant.
}

}  // namespace tocsin::collectors
