// One connection to a Redis server.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/redis/options.h"

namespace tocsin::collectors {

/// A command with its arguments; any byte may stand in them.
using RedisCommand = std::vector<std::string>;

/// The answer to one command. Owns its text.
/// Source: Redis documentation, "Redis serialization protocol specification", version 2.
struct RedisReply {
  enum class Kind { kNil, kInteger, kText, kStatus, kError, kArray };

  Kind kind = Kind::kNil;
  std::int64_t integer = 0;            ///< kInteger.
  std::string text = {};               ///< kText, kStatus, and the message of kError.
  std::vector<RedisReply> items = {};  ///< kArray.

  bool is_nil() const { return kind == Kind::kNil; }
  bool is_error() const { return kind == Kind::kError; }
  /// kError with the word `code` in front, such as "WRONGTYPE".
  bool HasCode(std::string_view code) const;
  /// A number, given as one or as text; nothing for anything else.
  std::optional<double> Number() const;
  std::optional<std::int64_t> Integer() const;
};

/// One pipeline at a time on one connection, which is opened when needed and kept.
///
/// Errors: kUnavailable (cannot connect, connection lost; and the answers LOADING, MASTERDOWN,
/// MOVED, ASK, CLUSTERDOWN to any command: the server cannot tell now, or is not the one to ask),
/// kDenied (wrong user or password, or none where one is needed: WRONGPASS, NOAUTH), kTimeout,
/// kCorrupt (no Redis answers there), kTooLarge. What else the server refuses (WRONGTYPE, NOPERM,
/// an unknown command) is the reply of that command alone. Messages never hold a password. One
/// thread at a time.
class RedisConnection {
 public:
  virtual ~RedisConnection() = default;

  /// Sends all commands at once and waits for all answers, one for each command in their order.
  /// Opens the connection first if there is none, within the same deadline; a connection that died
  /// while it was idle is replaced once. Commands must only read.
  virtual Result<std::vector<RedisReply>> Pipeline(std::span<const RedisCommand> commands,
                                                   const Attempt& attempt) = 0;

  /// How many connections have been opened so far: a change means a new server session.
  virtual std::uint64_t generation() const = 0;
};

/// A connection over hiredis. Connects to nothing yet.
std::unique_ptr<RedisConnection> MakeRedisConnection(RedisOptions options);

/// The error of a reply that is one, and of one that is of another kind than `expected`, with
/// `what` saying which was asked; success otherwise. WRONGTYPE and unknown commands are kNotFound
/// ("schema"), NOPERM is kDenied.
Status CheckReply(const RedisReply& reply, RedisReply::Kind expected, std::string_view what);

}  // namespace tocsin::collectors
