// An HTTP server that answers as a test wants it to, well or badly.

#pragma once

#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file_descriptor.h"
#include "base/mutex.h"

namespace tocsin {

/// Listens on a free port of the loopback and passes each request to a function. Each connection
/// has a thread, so the function must be safe for concurrent use. Safe for concurrent use.
class TestServer {
 public:
  struct Request {
    int connection = 0;  ///< Counted from 1.
    std::string head;    ///< The request line and the headers.
    std::string body;

    /// "POST /path HTTP/1.1".
    std::string_view line() const;
    /// The value of a header, written with this case; empty if there is none.
    std::string_view Header(std::string_view name) const;
  };

  struct Reply {
    enum class Then { kKeepOpen, kClose, kReset, kHang };

    std::string bytes;  ///< As they are sent.
    Then then = Then::kKeepOpen;
  };
  using Handler = std::function<Reply(const Request&)>;

  explicit TestServer(Handler handler, const std::string& host = "127.0.0.1");
  /// Ends all connections.
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  /// A whole answer. `headers` end in "\r\n" each.
  static Reply Answer(int status, std::string_view body = "", std::string_view headers = "");

  /// "http://127.0.0.1:4711".
  std::string url() const;
  /// All that came, in that order.
  std::vector<Request> requests() const;

 private:
  void Accept();
  void Serve(int socket, int connection);

  const Handler handler_;
  std::string host_;
  int port_ = 0;
  FileDescriptor listener_;
  mutable Mutex mutex_;
  bool stopping_ TOCSIN_GUARDED_BY(mutex_) = false;
  std::vector<Request> requests_ TOCSIN_GUARDED_BY(mutex_);
  std::list<FileDescriptor> sockets_ TOCSIN_GUARDED_BY(mutex_);
  std::list<std::jthread> connections_ TOCSIN_GUARDED_BY(mutex_);
  std::jthread accepting_;
};

}  // namespace tocsin
