#include "tests/support/tls_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cassert>
#include <cstdio>
#include <ctime>
#include <string_view>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace tocsin {
namespace {

struct KeyFreer {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct CertificateFreer {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct ConnectionFreer {
  void operator()(SSL* connection) const { SSL_free(connection); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyFreer>;
using OwnedCertificate = std::unique_ptr<X509, CertificateFreer>;

time_t ToTime(TimePoint moment) {
  return std::chrono::duration_cast<std::chrono::seconds>(moment.time_since_epoch()).count();
}

OwnedCertificate Sign(const TlsServer::Certificate& certificate, EVP_PKEY* key) {
  OwnedCertificate signed_one(X509_new());
  X509* const x509 = signed_one.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  ASN1_TIME_set(X509_getm_notBefore(x509), ToTime(certificate.begins));
  ASN1_TIME_set(X509_getm_notAfter(x509), ToTime(certificate.ends));
  X509_set_pubkey(x509, key);
  X509_NAME* const name = X509_get_subject_name(x509);
  const auto* const common = reinterpret_cast<const unsigned char*>("test");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
  X509_set_issuer_name(x509, name);
  X509_EXTENSION* const address =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(x509, address, -1);
  X509_EXTENSION_free(address);
  X509_sign(x509, key, EVP_sha256());
  return signed_one;
}

}  // namespace

void TlsServer::ContextFreer::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

TlsServer::TlsServer(const Certificate& certificate) : context_(SSL_CTX_new(TLS_server_method())) {
  const Key key(EVP_EC_gen("P-256"));
  const OwnedCertificate own = Sign(certificate, key.get());
  SSL_CTX_use_certificate(context_.get(), own.get());
  SSL_CTX_use_PrivateKey(context_.get(), key.get());
  std::FILE* const file = std::fopen(certificate_file().c_str(), "w");
  assert(file != nullptr);
  PEM_write_X509(file, own.get());
  std::fclose(file);

  listener_ = FileDescriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  [[maybe_unused]] const int bound = bind(listener_.get(), any, size);
  assert(bound == 0);
  listen(listener_.get(), SOMAXCONN);
  getsockname(listener_.get(), any, &size);
  port_ = ntohs(address.sin_port);
  serving_ = std::jthread([this](const std::stop_token& stop) { Serve(stop); });
}

TlsServer::~TlsServer() {
  serving_.request_stop();
  shutdown(listener_.get(), SHUT_RDWR);  // Ends accept().
}

std::string TlsServer::url() const {
  return fmt::format("https://127.0.0.1:{}", port_);
}

void TlsServer::Serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const FileDescriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.ok()) Answer(socket.get());
  }
}

/// A client that refuses the certificate ends the connection; one that says nothing has no more
/// than a few seconds.
void TlsServer::Answer(int socket) const {
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::unique_ptr<SSL, ConnectionFreer> connection(SSL_new(context_.get()));
  SSL_set_fd(connection.get(), socket);
  if (SSL_accept(connection.get()) != 1) return;
  std::array<char, 4096> request{};
  if (SSL_read(connection.get(), request.data(), static_cast<int>(request.size())) <= 0) return;
  constexpr std::string_view kAnswer =
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine";
  SSL_write(connection.get(), kAnswer.data(), static_cast<int>(kAnswer.size()));
  SSL_shutdown(connection.get());
}

}  // namespace tocsin
