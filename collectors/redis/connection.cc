#include "collectors/redis/connection.h"

#include <chrono>
#include <utility>

#include "collectors/host_lookup.h"
#include "collectors/redis/session.h"

namespace tocsin::collectors {
namespace {

/// How long a silent server is waited for on the same connection. Longer than any stall that it may
/// recover from, short enough to follow a name that points to another machine by now.
constexpr Duration kLongestSilence = std::chrono::minutes(5);

class HiredisConnection final : public RedisConnection {
 public:
  explicit HiredisConnection(RedisOptions options)
      : options_(std::move(options)), lookup_(options_.host) {}

  Result<std::vector<RedisReply>> Pipeline(std::span<const RedisCommand> commands,
                                           const Attempt& attempt) override;
  std::uint64_t generation() const override { return generation_; }

 private:
  Result<std::vector<RedisReply>> PipelineOnce(std::span<const RedisCommand> commands,
                                               const Attempt& attempt);
  Status MakeReady(const Attempt& attempt);

  const RedisOptions options_;
  HostLookup lookup_;
  std::unique_ptr<RedisSession> session_;
  std::uint64_t generation_ = 0;
};

Result<std::vector<RedisReply>> HiredisConnection::Pipeline(std::span<const RedisCommand> commands,
                                                            const Attempt& attempt) {
  if (session_ && session_->Waiting() > kLongestSilence) session_.reset();
  const bool is_inherited = session_ != nullptr;
  Result<std::vector<RedisReply>> replies = PipelineOnce(commands, attempt);
  // A session of an earlier attempt may have died long ago. Only a new one tells how the server is.
  if (!replies && is_inherited && !session_) replies = PipelineOnce(commands, attempt);
  return replies;
}

Result<std::vector<RedisReply>> HiredisConnection::PipelineOnce(
    std::span<const RedisCommand> commands, const Attempt& attempt) {
  if (Status ready = MakeReady(attempt); !ready) {
    if (session_ && session_->IsDead()) session_.reset();
    return ready.error();
  }
  if (commands.empty()) return std::vector<RedisReply>();
  Result<std::vector<RedisReply>> replies = session_->Run(commands, attempt);
  if (session_->IsDead()) session_.reset();
  return replies;
}

Status HiredisConnection::MakeReady(const Attempt& attempt) {
  if (!session_) {
    const Result<Secret> password = options_.password.Read();
    if (!password) return password.error().Within("reading the password");
    Result<FileDescriptor> socket = ConnectToRedis(options_, lookup_, attempt);
    if (!socket) return socket.error();
    session_ = std::make_unique<RedisSession>(std::move(*socket), options_, *password);
  }
  const bool was_logged_in = session_->IsLoggedIn();
  Status ready = session_->MakeReady(attempt);
  if (ready && !was_logged_in) ++generation_;
  return ready;
}

}  // namespace

std::unique_ptr<RedisConnection> MakeRedisConnection(RedisOptions options) {
  return std::make_unique<HiredisConnection>(std::move(options));
}

}  // namespace tocsin::collectors
