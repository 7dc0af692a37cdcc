// A mail, as it goes over the wire.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace tocsin::notify {

/// A mail before it is written down. Texts may hold anything, also line feeds, which do not get
/// into the head.
struct Mail {
  /// In this order. A name is taken once, whatever its case: the first stays.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string text;      ///< Empty: only `html`. Both empty: an empty text.
  std::string html;      ///< Empty: only `text`.
  std::string boundary;  ///< Between the two; must not occur in them.
};

/// Head and body with CRLF, 7 bits, lines of at most 78 characters but for words that are longer.
/// Source: RFC 5322, RFC 2045 (quoted-printable), RFC 2047 (words in the head), RFC 2046.
std::string MailBytes(const Mail& mail);

/// "Sun, 22 Nov 2026 00:05:33 +0000".
std::string MailDate(TimePoint moment);

/// The address itself of "Name <a@example.org>", without what could end it or begin a header.
std::string AddressIn(std::string_view mailbox);

/// The mailboxes of a list, split at commas outside quotes.
std::vector<std::string> MailboxesIn(std::string_view list);

}  // namespace tocsin::notify
