// A TCP connection for tests that must send what no HTTP library would.

#pragma once

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin {

/// How long tests wait for what must happen.
inline constexpr std::chrono::seconds kGenerous{20};

class RawClient {
 public:
  /// Connects to "127.0.0.1:80" or "[::1]:80". Failures show as an immediate end of stream.
  explicit RawClient(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found) != 0) return;
    socket_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connected_ = connect(socket_, found->ai_addr, found->ai_addrlen) == 0;
    freeaddrinfo(found);
  }
  RawClient(RawClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        connected_(other.connected_),
        pending_(std::move(other.pending_)) {}
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() {
    if (socket_ >= 0) close(socket_);
  }

  bool connected() const { return connected_; }

  /// Returns whether all of it was sent.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void FinishSending() { shutdown(socket_, SHUT_WR); }

  /// Whether Receive() would find something at once: bytes, or the end of the connection.
  bool HasNews() const {
    pollfd polled{socket_, POLLIN, 0};
    return poll(&polled, 1, 0) > 0;
  }

  /// An answer, head and body, by its Content-Length; less of it if the connection ends or time is
  /// up.
  std::string Receive(bool has_body = true) {
    std::size_t end = std::string::npos;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReceiveSome()) return std::exchange(pending_, {});
    }
    std::size_t size = end + 4;
    if (const std::size_t at = pending_.find("Content-Length: "); has_body && at < end) {
      size += std::strtoul(pending_.c_str() + at + 16, nullptr, 10);
    }
    while (pending_.size() < size && ReceiveSome()) {
    }
    std::string answer = pending_.substr(0, size);
    pending_.erase(0, size);
    return answer;
  }

  /// Waits until the server has closed the connection. Returns whether it did so in time.
  bool AwaitEnd() {
    while (ReceiveSome()) {
    }
    return ended_;
  }

  std::string Exchange(std::string_view request) {
    Send(request);
    return Receive();
  }

 private:
  bool ReceiveSome() {
    pollfd polled{socket_, POLLIN, 0};
    const auto limit = std::chrono::milliseconds(kGenerous).count();
    if (ended_ || poll(&polled, 1, static_cast<int>(limit)) <= 0) return false;
    char buffer[65536];
    const ssize_t got = recv(socket_, buffer, sizeof buffer, 0);
    ended_ = got <= 0;
    if (got > 0) pending_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  int socket_ = -1;
  bool connected_ = false;
  bool ended_ = false;
  std::string pending_;
};

/// The body of an answer.
inline std::string BodyOf(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

/// The status of an answer, or 0.
inline int StatusOf(const std::string& answer) {
  return answer.starts_with("HTTP/1.") ? std::atoi(answer.c_str() + 9) : 0;
}

}  // namespace tocsin
