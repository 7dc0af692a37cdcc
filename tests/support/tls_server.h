// A TLS server with a certificate of its own making, for tests of clients.

#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "tests/support/temporary_folder.h"

struct ssl_ctx_st;

namespace tocsin {

/// Listens on a free port of 127.0.0.1 and answers every request with status 200 and "fine", over
/// one connection at a time. Its certificate signs itself and is for that address. Needs no program
/// and no network. Safe for concurrent use.
class TlsServer {
 public:
  struct Certificate {
    TimePoint begins;
    TimePoint ends;
  };

  explicit TlsServer(const Certificate& certificate);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  /// "https://127.0.0.1:4711".
  std::string url() const;
  /// The certificate in PEM, for those who want to trust it.
  std::filesystem::path certificate_file() const { return folder_.path() / "certificate.pem"; }

 private:
  struct ContextFreer {
    void operator()(ssl_ctx_st* context) const;
  };

  void Serve(const std::stop_token& stop);
  void Answer(int socket) const;

  const TemporaryFolder folder_;
  std::unique_ptr<ssl_ctx_st, ContextFreer> context_;
  FileDescriptor listener_;
  int port_ = 0;
  std::jthread serving_;
};

}  // namespace tocsin
