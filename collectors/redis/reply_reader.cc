#include "collectors/redis/reply_reader.h"

#include <utility>

#include <hiredis/read.h>

namespace tocsin::collectors {

struct RedisReplyReader::Limits {
  std::size_t bytes = 0;
  std::size_t items = 0;
  std::optional<Error> exceeded;

  static Limits& Of(const redisReadTask* task) { return *static_cast<Limits*>(task->privdata); }

  bool Refuse(std::string message) {
    exceeded = Error{ErrorCode::kTooLarge, std::move(message)};
    return false;
  }

  bool Admit(const redisReadTask* list, int size) {
    int depth = 1;
    for (const redisReadTask* outer = list->parent; outer != nullptr; outer = outer->parent) {
      ++depth;
    }
    if (depth > kMostDepth) {
      return Refuse("a reply has lists more than " + std::to_string(kMostDepth) + " deep");
    }
    items += static_cast<std::size_t>(size);
    if (items > kMostItems) {
      return Refuse("a reply lists more than " + std::to_string(kMostItems) + " items");
    }
    return true;
  }
};

namespace {

using Kind = RedisReply::Kind;

/// Where the reply that `task` is about goes: into its list, or on the heap if it is in none. The
/// reader hands the latter back to us, or to Free().
RedisReply* Place(const redisReadTask* task, Kind kind) {
  auto* const list =
      task->parent == nullptr ? nullptr : static_cast<RedisReply*>(task->parent->obj);
  auto* const place =
      list == nullptr ? new RedisReply : &list->items[static_cast<std::size_t>(task->idx)];
  place->kind = kind;
  return place;
}

// What hiredis calls for each reply that it has read. A null pointer ends the reading.

void* CreateString(const redisReadTask* task, char* text, std::size_t size) {
  const Kind kind = task->type == REDIS_REPLY_ERROR    ? Kind::kError
                    : task->type == REDIS_REPLY_STATUS ? Kind::kStatus
                                                       : Kind::kText;
  RedisReply* const reply = Place(task, kind);
  reply->text.assign(text, size);
  return reply;
}

void* CreateInteger(const redisReadTask* task, long long value) {
  RedisReply* const reply = Place(task, Kind::kInteger);
  reply->integer = value;
  return reply;
}

void* CreateNil(const redisReadTask* task) {
  return Place(task, Kind::kNil);
}

void Free(void* reply) {
  delete static_cast<RedisReply*>(reply);
}

}  // namespace

RedisReplyReader::RedisReplyReader() : limits_(std::make_unique<Limits>()) {
  static redisReplyObjectFunctions functions = {
      CreateString,
      // The items must not move while they are filled in, so there is room for all from the start.
      [](const redisReadTask* task, int size) -> void* {
        if (!Limits::Of(task).Admit(task, size)) return nullptr;
        RedisReply* const reply = Place(task, Kind::kArray);
        reply->items.resize(static_cast<std::size_t>(size));
        return reply;
      },
      CreateInteger, CreateNil, Free};
  reader_.reset(redisReaderCreateWithFunctions(&functions));
  if (reader_ != nullptr) reader_->privdata = limits_.get();
}

RedisReplyReader::~RedisReplyReader() = default;

void RedisReplyReader::Closer::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

Status RedisReplyReader::Feed(std::string_view bytes) {
  limits_->bytes += bytes.size();
  if (limits_->bytes > kMostBytes) {
    return Error{ErrorCode::kTooLarge,
                 "the replies have more than " + std::to_string(kMostBytes >> 20) + " MiB"};
  }
  if (reader_ == nullptr || redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != 0) {
    return Error{ErrorCode::kTooLarge, "no memory for the replies"};
  }
  return {};
}

Result<std::optional<RedisReply>> RedisReplyReader::Next() {
  void* raw = nullptr;
  if (redisReaderGetReply(reader_.get(), &raw) != 0) {
    if (limits_->exceeded) return *limits_->exceeded;
    return Error{ErrorCode::kCorrupt,
                 "the answer is not one of Redis: " + std::string(reader_->errstr)};
  }
  if (raw == nullptr) return std::optional<RedisReply>();
  const std::unique_ptr<RedisReply> reply(static_cast<RedisReply*>(raw));
  return std::optional(std::move(*reply));
}

bool RedisReplyReader::HasMore() const {
  return reader_->pos < reader_->len;
}

void RedisReplyReader::StartOver() {
  limits_->bytes = limits_->items = 0;
}

}  // namespace tocsin::collectors
