// Listening sockets.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// A file descriptor, closed with its owner. Moves only.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor();

  int get() const { return fd_; }
  int Release();

 private:
  int fd_;
};

/// A socket that accepts TCP connections without blocking.
struct Listener {
  FileDescriptor socket;
  std::string address;  ///< What it really listens on: "127.0.0.1:10061", "[::]:10061".
};

/// Listens on "127.0.0.1:10061", "[::1]:0", "localhost:10061" (each address of the name), and for
/// ":10061" and "[::]:10061" on IPv4 and IPv6 with one socket, where the machine has IPv6. Port 0
/// picks a free port. One of several addresses is enough. Fails with kInvalidInput for what is no
/// such address, else with kUnavailable, and then says of each address why; resolving a name may
/// block.
Result<std::vector<Listener>> Listen(std::string_view address);

}  // namespace tocsin
