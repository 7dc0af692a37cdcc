// Listening sockets.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace tocsin {

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

/// Takes over a socket that somebody else has made and listens on already. Fails with kInvalidInput
/// for what is not a listening TCP socket; `socket` is closed then.
Result<Listener> AdoptListener(FileDescriptor socket);

}  // namespace tocsin
