// Reads an HTTP answer from bytes as they come in.

#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/http_client.h"
#include "base/result.h"

namespace tocsin {

/// The answer to one request that was neither HEAD nor CONNECT, after the interim ones. Parsed by
/// Boost.Beast, strictly. Does no I/O. One thread at a time.
/// Source: RFC 9112.
class HttpAnswerReader {
 public:
  /// Neither the head, with those of interim answers, nor the body may be longer than that. A head
  /// or trailer beyond 64 KiB is kCorrupt, whatever is allowed.
  explicit HttpAnswerReader(std::size_t most_bytes);
  ~HttpAnswerReader();

  /// The next bytes of the connection, while is_complete() is not true. Fails with kTooLarge and
  /// kCorrupt; the reader is of no use then.
  Status Take(std::string_view bytes);
  /// The connection has ended. Fails with kUnavailable unless that is how the answer ends.
  Status TakeEnd();

  /// Whether any byte came.
  bool has_begun() const;
  bool is_complete() const;
  /// Whether the connection may have another request, once it is complete.
  bool keeps_connection() const;

  /// To be called once, when it is complete.
  HttpAnswer TakeAnswer();

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
