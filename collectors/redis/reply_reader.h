// Bytes from a Redis server, turned into replies.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "collectors/redis/connection.h"

struct redisReader;

namespace tocsin::collectors {

/// Reads the protocol with hiredis, within limits that no server can exceed, whatever it sends. One
/// thread at a time.
class RedisReplyReader {
 public:
  /// Of the replies between two calls of StartOver().
  static constexpr std::size_t kMostBytes = std::size_t{64} << 20;
  static constexpr std::size_t kMostItems = 200'000;  ///< In all lists together.
  static constexpr int kMostDepth = 6;                ///< Of lists in lists.

  RedisReplyReader();
  ~RedisReplyReader();
  RedisReplyReader(const RedisReplyReader&) = delete;
  RedisReplyReader& operator=(const RedisReplyReader&) = delete;

  /// Takes bytes as they came. Fails with kTooLarge.
  Status Feed(std::string_view bytes);

  /// The next reply, or nothing if it is not whole yet. Fails with kCorrupt (no Redis protocol) or
  /// kTooLarge; the reader is of no use afterwards.
  Result<std::optional<RedisReply>> Next();

  /// Whether bytes are left over after the last reply.
  bool HasMore() const;

  /// What comes from now on counts anew for the limits.
  void StartOver();

 private:
  struct Limits;
  struct Closer {
    void operator()(redisReader* reader) const;
  };

  std::unique_ptr<Limits> limits_;  // Its address is known to the reader.
  std::unique_ptr<redisReader, Closer> reader_;
};

}  // namespace tocsin::collectors
