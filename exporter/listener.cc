#include "exporter/listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>

namespace tocsin {
namespace {

struct HostAndPort {
  std::string host;  ///< Empty for every address of the machine.
  std::string port;
};

Result<HostAndPort> SplitAddress(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  const auto wrong = [&] {
    return Error{
        ErrorCode::kInvalidInput,
        "'" + std::string(address) + "' is not an address like 127.0.0.1:10061 or [::1]:10061"};
  };
  if (colon == std::string_view::npos || colon + 1 == address.size()) return wrong();
  std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  if (port.find_first_not_of("0123456789") != std::string_view::npos || port.size() > 5)
    return wrong();
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.empty()) return wrong();
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return wrong();
  }
  return HostAndPort{std::string(host), std::string(port)};
}

/// "127.0.0.1:10061", "[::]:10061".
std::string InNumbers(const sockaddr& address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (getnameinfo(&address, size, host.data(), host.size(), port.data(), port.size(),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  const bool v6 = address.sa_family == AF_INET6;
  return (v6 ? "[" : "") + std::string(host.data()) + (v6 ? "]:" : ":") + port.data();
}

std::string AddressOf(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  return getsockname(socket, address, &size) == 0 ? InNumbers(*address, size) : std::string();
}

/// errno about one of the addresses that `address` stands for, which is named if it is another.
Error SystemError(const addrinfo& where, std::string_view address) {
  const std::string why = std::generic_category().message(errno);
  const std::string really = InNumbers(*where.ai_addr, where.ai_addrlen);
  return {ErrorCode::kUnavailable, really == address ? why : really + ": " + why};
}

/// `dual_stack`: whether an IPv6 socket takes IPv4 connections too.
Result<Listener> ListenOn(const addrinfo& where, bool dual_stack, std::string_view address) {
  FileDescriptor socket(
      ::socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, where.ai_protocol));
  if (socket.get() < 0) return SystemError(where, address);
  const int yes = 1;
  const int v6_only = dual_stack ? 0 : 1;
  // Without the first, a restart fails while connections of the last run are in TIME_WAIT.
  if (setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      (where.ai_family == AF_INET6 &&
       setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) != 0) ||
      bind(socket.get(), where.ai_addr, where.ai_addrlen) != 0 ||
      listen(socket.get(), SOMAXCONN) != 0) {
    return SystemError(where, address);
  }
  std::string really = AddressOf(socket.get());
  return Listener{std::move(socket), std::move(really)};
}

/// A number that says of a socket what it is; -1 for what is no socket.
int SocketOption(int socket, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<AddressList> Resolve(const char* host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int problem = getaddrinfo(host, port.c_str(), &hints, &found); problem != 0) {
    return Error{ErrorCode::kUnavailable, gai_strerror(problem)};
  }
  return AddressList(found, &freeaddrinfo);
}

}  // namespace

Result<std::vector<Listener>> Listen(std::string_view address) {
  const Result<HostAndPort> parsed = SplitAddress(address);
  if (!parsed) return parsed.error();
  const bool everywhere = parsed->host.empty() || parsed->host == "::";

  std::vector<Listener> listeners;
  std::string problems;
  const auto note = [&](const Error& problem) {
    problems += (problems.empty() ? "" : "; ") + problem.message;
  };
  const auto try_all = [&](const char* host) {
    const Result<AddressList> list = Resolve(host, parsed->port);
    if (!list) return note(list.error());
    for (const addrinfo* where = list->get(); where != nullptr; where = where->ai_next) {
      Result<Listener> listener = ListenOn(*where, everywhere, address);
      if (listener) {
        listeners.push_back(std::move(*listener));
      } else {
        note(listener.error());
      }
    }
  };
  try_all(everywhere ? "::" : parsed->host.c_str());
  // ":10061" means all there is, and a machine may have been booted without IPv6.
  if (listeners.empty() && parsed->host.empty()) try_all("0.0.0.0");
  if (!listeners.empty()) return listeners;
  return Error{ErrorCode::kUnavailable, "listening on " + std::string(address) + ": " + problems};
}

Result<Listener> AdoptListener(FileDescriptor socket) {
  const int domain = SocketOption(socket.get(), SO_DOMAIN);
  if ((domain != AF_INET && domain != AF_INET6) ||
      SocketOption(socket.get(), SO_TYPE) != SOCK_STREAM ||
      SocketOption(socket.get(), SO_ACCEPTCONN) != 1) {
    return Error{ErrorCode::kInvalidInput, "not a listening TCP socket"};
  }
  const int status = fcntl(socket.get(), F_GETFL);
  if (status < 0 || fcntl(socket.get(), F_SETFL, status | O_NONBLOCK) != 0 ||
      fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return Error{ErrorCode::kUnavailable, std::generic_category().message(errno)};
  }
  std::string really = AddressOf(socket.get());
  return Listener{std::move(socket), std::move(really)};
}

}  // namespace tocsin
