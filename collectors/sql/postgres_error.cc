#include "collectors/sql/postgres_error.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace tocsin::collectors {
namespace {

constexpr std::size_t kSqlStateSize = 5;

/// The SQLSTATE in a line such as "FATAL:  28P01: password ...", whose first word may be
/// translated.
std::optional<std::size_t> FindSqlState(std::string_view message) {
  constexpr std::string_view kBefore = ":  ";
  for (std::size_t at = message.find(kBefore); at != std::string_view::npos;
       at = message.find(kBefore, at + 1)) {
    const std::size_t begin = at + kBefore.size();
    const std::string_view candidate = message.substr(begin, kSqlStateSize);
    const bool is_state =
        candidate.size() == kSqlStateSize && message.substr(begin + kSqlStateSize, 2) == ": " &&
        std::all_of(candidate.begin(), candidate.end(),
                    [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
    if (is_state) return begin;
  }
  return std::nullopt;
}

constexpr std::string_view kProtocolViolation = "08P01";

/// PgBouncer has that one state for whatever it refuses, and tells by words. "not allowed" is what
/// its console says to a user who is not in stats_users.
bool IsRefusalOfPgbouncer(std::string_view message) {
  constexpr std::array<std::string_view, 3> kWords = {"authentication failed", "not allowed",
                                                      "login rejected"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  });
}

}  // namespace

ErrorCode CodeOfSqlState(std::string_view sql_state) {
  constexpr std::pair<std::string_view, ErrorCode> kCodes[] = {
      {"42P01", ErrorCode::kNotFound},     // undefined_table
      {"42703", ErrorCode::kNotFound},     // undefined_column
      {"42883", ErrorCode::kNotFound},     // undefined_function: of a newer server or schema
      {"3F000", ErrorCode::kNotFound},     // invalid_schema_name
      {"42501", ErrorCode::kDenied},       // insufficient_privilege
      {"57014", ErrorCode::kTimeout},      // query_canceled, also by statement_timeout
      {"55P03", ErrorCode::kTimeout},      // lock_not_available, also by lock_timeout
      {"3D000", ErrorCode::kUnavailable},  // invalid_catalog_name: the database does not exist
  };
  constexpr std::pair<std::string_view, ErrorCode> kClasses[] = {
      {"08", ErrorCode::kUnavailable},  // connection exception
      {"28", ErrorCode::kDenied},       // invalid authorization specification
      {"40", ErrorCode::kUnavailable},  // transaction rollback: a replica's recovery conflict
      {"53", ErrorCode::kUnavailable},  // insufficient resources, too many connections
      {"57", ErrorCode::kUnavailable},  // operator intervention: shutting down, starting up
      {"58", ErrorCode::kUnavailable},  // system error
      {"XX", ErrorCode::kCorrupt},      // internal error, data corrupted
  };
  for (const auto& [state, code] : kCodes) {
    if (sql_state == state) return code;
  }
  for (const auto& [prefix, code] : kClasses) {
    if (sql_state.starts_with(prefix)) return code;
  }
  return ErrorCode::kInvalidInput;
}

std::string InOneLine(std::string_view message) {
  std::string joined;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    const std::string_view line = message.substr(0, end);
    message.remove_prefix(std::min(end + 1, message.size()));
    if (line.empty() || line.starts_with('\t') || line.starts_with("LOCATION:")) continue;
    if (!joined.empty()) joined += "; ";
    joined += line;
  }
  return joined;
}

Error ConnectError(std::string_view message) {
  const std::optional<std::size_t> state = FindSqlState(message);
  if (!state) return {ErrorCode::kUnavailable, InOneLine(message)};
  const std::string_view sql_state = message.substr(*state, kSqlStateSize);
  const bool is_denied = sql_state == kProtocolViolation && IsRefusalOfPgbouncer(message);
  return {is_denied ? ErrorCode::kDenied : CodeOfSqlState(sql_state), InOneLine(message)};
}

}  // namespace tocsin::collectors
