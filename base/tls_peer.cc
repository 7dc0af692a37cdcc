#include "base/tls_peer.h"

#include <chrono>
#include <ctime>

#include <openssl/asn1.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace tocsin {
namespace {

std::optional<TimePoint> EndOf(const X509* certificate) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc) != 1) return std::nullopt;
  return TimePoint(std::chrono::seconds(timegm(&utc)));
}

std::optional<TimePoint> EarliestEnd(const STACK_OF(X509) * certificates) {
  std::optional<TimePoint> earliest;
  for (int i = 0; i < sk_X509_num(certificates); ++i) {
    const std::optional<TimePoint> end = EndOf(sk_X509_value(certificates, i));
    if (end && (!earliest || *end < *earliest)) earliest = end;
  }
  return earliest;
}

/// Verifies as OpenSSL would by itself, and looks at what there was to verify. A callback for the
/// verification of each certificate would be called for chains only, not for what was sent.
int Verify(X509_STORE_CTX* verification, void* to) {
  const int verdict = X509_verify_cert(verification);
  TlsPeer& peer = *static_cast<TlsPeer*>(to);
  peer.expires = EarliestEnd(X509_STORE_CTX_get0_untrusted(verification));
  peer.chain_expires.reset();
  if (verdict == 1) peer.chain_expires = EarliestEnd(X509_STORE_CTX_get0_chain(verification));
  const auto* const connection = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (connection != nullptr) peer.version = SSL_get_version(connection);
  return verdict;
}

}  // namespace

void WatchTlsPeer(ssl_ctx_st* context, TlsPeer& peer) {
  SSL_CTX_set_cert_verify_callback(context, &Verify, &peer);
}

}  // namespace tocsin
