#include "collectors/sql/connection.h"

#include <algorithm>
#include <charconv>

#include "base/number.h"

namespace tocsin::collectors {

std::optional<std::size_t> SqlRows::Find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

std::string_view SqlRows::Text(std::size_t row, std::size_t column) const {
  const Cell& cell = At(row, column);
  return cell ? std::string_view(*cell) : std::string_view();
}

std::optional<double> SqlRows::Number(std::size_t row, std::size_t column) const {
  return ParseNumber(Text(row, column));
}

std::optional<std::int64_t> SqlRows::Integer(std::size_t row, std::size_t column) const {
  const std::string_view text = Text(row, column);
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string SqlIdentifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace tocsin::collectors
