#include "collectors/redis/server_time.h"

namespace tocsin::collectors {

Result<double> RedisTime(const RedisReply& reply) {
  if (Status good = CheckReply(reply, RedisReply::Kind::kArray, "TIME"); !good) return good.error();
  if (reply.items.size() == 2) {
    const std::optional<double> seconds = reply.items[0].Number();
    const std::optional<double> microseconds = reply.items[1].Number();
    if (seconds && microseconds) return *seconds + *microseconds * 1e-6;
  }
  return Error{ErrorCode::kCorrupt, "TIME: expected seconds and microseconds"};
}

}  // namespace tocsin::collectors
