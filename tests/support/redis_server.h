// A Redis server that answers as a test wants it to, well or badly.

#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file_descriptor.h"
#include "base/mutex.h"

namespace tocsin {

/// Listens on a free port of the loopback and passes each command to a function. Each connection
/// has a thread, so the function must be safe for concurrent use. Safe for concurrent use.
class RedisServer {
 public:
  using Command = std::vector<std::string>;

  struct Reply {
    enum class Then { kKeepOpen, kClose, kHang };

    std::string bytes;  ///< As they are sent.
    Then then = Then::kKeepOpen;
    /// Sends one byte at a time, each as a packet of its own.
    bool drips = false;
  };
  using Handler = std::function<Reply(const Command&)>;

  /// Commands that came together are answered together.
  explicit RedisServer(Handler handler);
  /// Ends all connections.
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Replies as the protocol spells them.
  static Reply Ok() { return {"+OK\r\n"}; }
  static Reply Nil() { return {"$-1\r\n"}; }
  static Reply Integer(std::int64_t value) { return {":" + std::to_string(value) + "\r\n"}; }
  static Reply Text(std::string_view text);
  static Reply Error(std::string_view text) { return {"-" + std::string(text) + "\r\n"}; }

  std::uint16_t port() const { return port_; }
  /// All commands that came, in the batches in which they were read.
  std::vector<std::vector<Command>> batches() const;
  int connections() const;
  /// Those that have not been closed by either side.
  int open_connections() const;
  /// Ends all connections, but goes on listening.
  void Disconnect();

 private:
  void Accept();
  void Serve(int socket);
  bool Answer(int socket, const std::vector<Command>& batch);

  const Handler handler_;
  std::uint16_t port_ = 0;
  FileDescriptor listener_;
  mutable Mutex mutex_;
  bool stopping_ TOCSIN_GUARDED_BY(mutex_) = false;
  int open_ TOCSIN_GUARDED_BY(mutex_) = 0;
  std::vector<std::vector<Command>> batches_ TOCSIN_GUARDED_BY(mutex_);
  std::list<FileDescriptor> sockets_ TOCSIN_GUARDED_BY(mutex_);
  std::list<std::jthread> threads_ TOCSIN_GUARDED_BY(mutex_);
  std::jthread accepting_;
};

}  // namespace tocsin
