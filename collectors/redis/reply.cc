#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include "base/number.h"
#include "collectors/redis/connection.h"

namespace tocsin::collectors {
namespace {

/// How a kind of reply is called in messages.
std::string_view Name(RedisReply::Kind kind) {
  switch (kind) {
    case RedisReply::Kind::kNil: return "nothing";
    case RedisReply::Kind::kInteger: return "an integer";
    case RedisReply::Kind::kText: return "a text";
    case RedisReply::Kind::kStatus: return "a status";
    case RedisReply::Kind::kError: return "an error";
    case RedisReply::Kind::kArray: return "a list";
  }
  return "";
}

ErrorCode CodeOf(const RedisReply& error) {
  if (error.HasCode("NOPERM") || error.HasCode("NOAUTH")) return ErrorCode::kDenied;
  const bool is_missing =
      error.HasCode("WRONGTYPE") || error.text.starts_with("ERR unknown command") ||
      error.text.starts_with("ERR unknown subcommand") || error.text.starts_with("ERR no such key");
  return is_missing ? ErrorCode::kNotFound : ErrorCode::kInvalidInput;
}

}  // namespace

bool RedisReply::HasCode(std::string_view code) const {
  return is_error() && text.starts_with(code) &&
         (text.size() == code.size() || text[code.size()] == ' ');
}

std::optional<double> RedisReply::Number() const {
  if (kind == Kind::kInteger) return static_cast<double>(integer);
  if (kind != Kind::kText && kind != Kind::kStatus) return std::nullopt;
  return ParseNumber(text);
}

std::optional<std::int64_t> RedisReply::Integer() const {
  if (kind == Kind::kInteger) return integer;
  if (kind != Kind::kText && kind != Kind::kStatus) return std::nullopt;
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || stopped != end) return std::nullopt;
  return value;
}

Status CheckReply(const RedisReply& reply, RedisReply::Kind expected, std::string_view what) {
  if (reply.is_error()) return Error{CodeOf(reply), reply.text}.Within(what);
  if (reply.kind == expected) return {};
  return Error{ErrorCode::kCorrupt,
               "expected " + std::string(Name(expected)) + ", got " + std::string(Name(reply.kind))}
      .Within(what);
}

}  // namespace tocsin::collectors
