// One conversation with a Redis server, over a socket that never blocks.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/host_lookup.h"
#include "collectors/redis/connection.h"
#include "collectors/redis/options.h"
#include "collectors/redis/reply_reader.h"
#include "collectors/socket_wait.h"

namespace tocsin::collectors {

/// Connects a socket to the server of `options`: to the first address of its name that takes it,
/// each with its share of the time. Fails with kUnavailable or kTimeout.
Result<FileDescriptor> ConnectToRedis(const RedisOptions& options, HostLookup& lookup,
                                      const Attempt& attempt);

/// A session, from the log-in to its death. What does not finish within an attempt, be it the
/// log-in or the answers to a pipeline, is taken up again by MakeReady() in the next one, so that a
/// server that stands still has one connection of ours and not one more with each attempt. One
/// thread at a time.
class RedisSession {
 public:
  /// Takes a connected socket. Nothing is sent yet.
  RedisSession(FileDescriptor socket, const RedisOptions& options, const Secret& password);

  /// Logs in, if that is not done, and waits for the answers that nobody waits for any more. After
  /// kTimeout it may be called again; after any other error the session is dead.
  Status MakeReady(const Attempt& attempt);

  /// Sends the commands and waits for their answers; only after MakeReady() succeeded. Errors are
  /// those of RedisConnection::Pipeline().
  Result<std::vector<RedisReply>> Run(std::span<const RedisCommand> commands,
                                      const Attempt& attempt);

  bool IsLoggedIn() const { return is_logged_in_; }
  bool IsDead() const { return is_dead_; }

  /// How long the server has owed us an answer; zero if it does not.
  Duration Waiting() const;

 private:
  void Send(std::span<const RedisCommand> commands);
  Status AwaitReplies(const Attempt& attempt);
  Status WriteSome();
  Status ReadSome();
  Status TakeReplies();
  Status JudgeLogIn() const;
  bool IsSilent() const;
  Error Die(Error error);
  Error Lost(std::string_view what);

  const FileDescriptor socket_;
  RedisReplyReader reader_;
  bool needs_select_ = false;
  bool needs_password_ = false;
  bool is_logged_in_ = false;
  bool is_dead_ = false;
  std::string unsent_;
  std::size_t sent_ = 0;      // Bytes of `unsent_` that are on their way.
  std::size_t expected_ = 0;  // Replies to what was sent last, unless they were handed out.
  std::vector<RedisReply> replies_;
  /// Since when the server owes us an answer that was once waited for in vain.
  std::optional<std::chrono::steady_clock::time_point> waiting_since_;
};

}  // namespace tocsin::collectors
