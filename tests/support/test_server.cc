#include "tests/support/test_server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cstdlib>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace tocsin {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";

/// A socket that listens on a free port of `host`, and that port.
std::pair<int, int> Listen(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  addrinfo* found = nullptr;
  [[maybe_unused]] const int looked = getaddrinfo(host.c_str(), "0", &hints, &found);
  assert(looked == 0);
  const int socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  [[maybe_unused]] const int bound = bind(socket, found->ai_addr, found->ai_addrlen);
  assert(bound == 0);
  freeaddrinfo(found);
  [[maybe_unused]] const int listening = listen(socket, SOMAXCONN);
  assert(listening == 0);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  const auto port = address.ss_family == AF_INET6
                        ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                        : reinterpret_cast<const sockaddr_in*>(&address)->sin_port;
  return {socket, ntohs(port)};
}

bool ReceiveSome(int socket, std::string& pending) {
  char buffer[65536];
  const ssize_t got = recv(socket, buffer, sizeof buffer, 0);
  if (got > 0) pending.append(buffer, static_cast<std::size_t>(got));
  return got > 0;
}

/// The next request of a connection, taken off `pending`; nothing once it has ended.
std::optional<TestServer::Request> Receive(int socket, std::string& pending) {
  TestServer::Request request;
  std::size_t end = std::string::npos;
  while ((end = pending.find(kEndOfHead)) == std::string::npos) {
    if (!ReceiveSome(socket, pending)) return std::nullopt;
  }
  request.head = pending.substr(0, end + 2);
  pending.erase(0, end + kEndOfHead.size());
  const std::string length(request.Header("Content-Length"));
  const std::size_t size = std::strtoul(length.c_str(), nullptr, 10);
  while (pending.size() < size) {
    if (!ReceiveSome(socket, pending)) return std::nullopt;
  }
  request.body = pending.substr(0, size);
  pending.erase(0, size);
  return request;
}

void SendAll(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

std::string_view TestServer::Request::line() const {
  return std::string_view(head).substr(0, head.find("\r\n"));
}

std::string_view TestServer::Request::Header(std::string_view name) const {
  const std::string start = fmt::format("\r\n{}: ", name);
  const std::size_t at = head.find(start);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + start.size();
  return std::string_view(head).substr(begin, head.find("\r\n", begin) - begin);
}

TestServer::Reply TestServer::Answer(int status, std::string_view body, std::string_view headers) {
  return {fmt::format("HTTP/1.1 {} Said\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(),
                      headers, body)};
}

TestServer::TestServer(Handler handler, const std::string& host)
    : handler_(std::move(handler)),
      host_(host.find(':') == std::string::npos ? host : "[" + host + "]") {
  const auto [socket, port] = Listen(host);
  listener_ = FileDescriptor(socket);
  port_ = port;
  accepting_ = std::jthread([this] { Accept(); });
}

TestServer::~TestServer() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    shutdown(listener_.get(), SHUT_RDWR);
    for (const FileDescriptor& socket : sockets_) shutdown(socket.get(), SHUT_RDWR);
  }
  accepting_.join();
  std::list<std::jthread> connections;
  {
    const MutexLock lock(mutex_);
    connections.swap(connections_);
  }
}  // Joins.

std::string TestServer::url() const {
  return fmt::format("http://{}:{}", host_, port_);
}

std::vector<TestServer::Request> TestServer::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

void TestServer::Accept() {
  for (int connection = 1;; ++connection) {
    FileDescriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const MutexLock lock(mutex_);
    if (stopping_ || !socket.ok()) return;
    const int fd = socket.get();
    sockets_.push_back(std::move(socket));
    connections_.emplace_back([this, fd, connection] { Serve(fd, connection); });
  }
}

void TestServer::Serve(int socket, int connection) {
  std::string pending;
  while (std::optional<Request> request = Receive(socket, pending)) {
    request->connection = connection;
    {
      const MutexLock lock(mutex_);
      requests_.push_back(*request);
    }
    const Reply reply = handler_(*request);
    SendAll(socket, reply.bytes);
    switch (reply.then) {
      case Reply::Then::kKeepOpen: continue;
      case Reply::Then::kHang:
        while (ReceiveSome(socket, pending)) {
        }
        return;
      case Reply::Then::kReset: {
        const linger at_once{1, 0};
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        break;
      }
      case Reply::Then::kClose: break;
    }
    break;
  }
  const MutexLock lock(mutex_);
  sockets_.remove_if(
      [socket](const FileDescriptor& own) { return own.get() == socket; });  // Closes.
}

}  // namespace tocsin
