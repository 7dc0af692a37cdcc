#include "collectors/sql/dialect.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace tocsin::collectors {
namespace {

constexpr std::string_view kNowMark = "{now}";
constexpr std::string_view kPostgresNow = "extract(epoch FROM clock_timestamp())::float8";
// SQLite before 3.42 knows no other way to the milliseconds. 2440587.5 is 1970-01-01 as a Julian
// day.
constexpr std::string_view kSqliteNow = "(julianday('now') - 2440587.5) * 86400.0";

/// An element of a PostgreSQL array literal: quoted, with backslashes before quotes and
/// backslashes. Source: PostgreSQL's documentation, "Arrays", "Array Input and Output Syntax".
void AppendArrayElement(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string WithNow(std::string_view statement, Dialect dialect) {
  std::string text(statement);
  const std::string_view now = dialect == Dialect::kPostgres ? kPostgresNow : kSqliteNow;
  for (std::size_t at = text.find(kNowMark); at != std::string::npos;
       at = text.find(kNowMark, at)) {
    text.replace(at, kNowMark.size(), now);
  }
  return text;
}

std::string ListParameter(Dialect dialect, const std::vector<std::string>& texts) {
  if (dialect == Dialect::kSqlite) {
    return boost::json::serialize(boost::json::array(texts.begin(), texts.end()));
  }
  std::string out = "{";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    AppendArrayElement(out, text);
  }
  return out + "}";
}

std::string ListParameter(Dialect dialect, const std::vector<std::int64_t>& numbers) {
  const bool json = dialect == Dialect::kSqlite;
  std::string out(1, json ? '[' : '{');
  for (const std::int64_t number : numbers) {
    if (out.size() > 1) out += ',';
    out += std::to_string(number);
  }
  return out + (json ? ']' : '}');
}

}  // namespace tocsin::collectors
