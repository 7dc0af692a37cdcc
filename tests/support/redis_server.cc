#include "tests/support/redis_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <utility>

namespace tocsin {
namespace {

/// Cuts off the number in a line such as "*3\r\n"; nothing if the line is not whole.
std::optional<std::size_t> CutNumber(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  std::size_t number = 0;
  std::from_chars(text.data() + 1, text.data() + end, number);
  text.remove_prefix(end + 2);
  return number;
}

/// Cuts off the first command; nothing, and `text` is as it was, if that is not whole.
std::optional<RedisServer::Command> CutCommand(std::string_view& text) {
  std::string_view rest = text;
  const std::optional<std::size_t> arguments = CutNumber(rest);
  if (!arguments) return std::nullopt;
  RedisServer::Command command;
  for (std::size_t i = 0; i < *arguments; ++i) {
    const std::optional<std::size_t> size = CutNumber(rest);
    if (!size || rest.size() < *size + 2) return std::nullopt;
    command.emplace_back(rest.substr(0, *size));
    rest.remove_prefix(*size + 2);
  }
  text = rest;
  return command;
}

bool SendAll(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Waits for the other side to end the connection.
void AwaitEnd(int socket) {
  std::array<char, 4096> ignored;
  while (::recv(socket, ignored.data(), ignored.size(), 0) > 0) {
  }
}

}  // namespace

RedisServer::RedisServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), generic, &size) != 0) {
    throw std::runtime_error("RedisServer: cannot listen");
  }
  port_ = ntohs(address.sin_port);
  accepting_ = std::jthread([this] { Accept(); });
}

RedisServer::~RedisServer() {
  std::list<std::jthread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepting_.join();
  Disconnect();
  {
    const MutexLock lock(mutex_);
    threads.swap(threads_);
  }
  threads.clear();  // Joins them.
}

RedisServer::Reply RedisServer::Text(std::string_view text) {
  return {"$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n"};
}

std::vector<std::vector<RedisServer::Command>> RedisServer::batches() const {
  const MutexLock lock(mutex_);
  return batches_;
}

int RedisServer::connections() const {
  const MutexLock lock(mutex_);
  return static_cast<int>(sockets_.size());
}

int RedisServer::open_connections() const {
  const MutexLock lock(mutex_);
  return open_;
}

void RedisServer::Disconnect() {
  const MutexLock lock(mutex_);
  for (const FileDescriptor& socket : sockets_) ::shutdown(socket.get(), SHUT_RDWR);
}

void RedisServer::Accept() {
  while (true) {
    FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const MutexLock lock(mutex_);
    if (stopping_ || !socket.ok()) return;
    const int yes = 1;
    static_cast<void>(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)));
    const int number = socket.get();
    sockets_.push_back(std::move(socket));
    ++open_;
    threads_.emplace_back([this, number] { Serve(number); });
  }
}

void RedisServer::Serve(int socket) {
  std::string pending;
  std::array<char, 65536> buffer;
  ssize_t got = 0;
  while ((got = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0) {
    pending.append(buffer.data(), static_cast<std::size_t>(got));
    std::vector<Command> batch;
    std::string_view rest = pending;
    while (std::optional<Command> command = CutCommand(rest)) batch.push_back(std::move(*command));
    pending.erase(0, pending.size() - rest.size());
    if (!batch.empty() && !Answer(socket, batch)) break;
  }
  ::shutdown(socket, SHUT_RDWR);
  const MutexLock lock(mutex_);
  --open_;
}

/// False if the connection is to end.
bool RedisServer::Answer(int socket, const std::vector<Command>& batch) {
  {
    const MutexLock lock(mutex_);
    batches_.push_back(batch);
  }
  std::string together;
  for (const Command& command : batch) {
    const Reply reply = handler_(command);
    if (reply.drips) {
      if (!SendAll(socket, std::exchange(together, {}))) return false;
      for (const char byte : reply.bytes) {
        if (!SendAll(socket, std::string_view(&byte, 1))) return false;
      }
    } else {
      together += reply.bytes;
    }
    if (reply.then == Reply::Then::kKeepOpen) continue;
    SendAll(socket, together);
    if (reply.then == Reply::Then::kHang) AwaitEnd(socket);
    return false;
  }
  return SendAll(socket, together);
}

}  // namespace tocsin
