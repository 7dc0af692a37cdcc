#include "exporter/request_target.h"

#include <charconv>
#include <cstddef>
#include <optional>

namespace tocsin {
namespace {

enum class Plus { kItself, kBlank };

std::optional<char> HexByte(std::string_view digits) {
  unsigned char byte = 0;
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
  if (digits.size() != 2 || problem != std::errc{} || end != digits.data() + 2 || byte == 0) {
    return std::nullopt;
  }
  return static_cast<char>(byte);
}

Result<std::string> Decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const std::optional<char> byte = HexByte(text.substr(i + 1, 2));
      if (!byte) return Error{ErrorCode::kInvalidInput, "bad percent escape"};
      out += *byte;
      i += 2;
    } else {
      out += text[i] == '+' && plus == Plus::kBlank ? ' ' : text[i];
    }
  }
  return out;
}

/// The part of `text` before the first `separator`; `rest` becomes what follows it.
std::string_view Split(std::string_view text, char separator, std::string_view& rest) {
  const std::size_t at = text.find(separator);
  rest = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return text.substr(0, at);
}

/// Drops "http://host" of the absolute form, which servers must accept (RFC 9112, 3.2.2).
std::string_view OriginForm(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  if (!target.starts_with(kScheme)) return target;
  target.remove_prefix(kScheme.size());
  const std::size_t path = target.find_first_of("/?");
  return path == std::string_view::npos ? "/" : target.substr(path);
}

}  // namespace

Result<QueryParameters> ParseQueryParameters(std::string_view text) {
  QueryParameters parameters;
  while (!text.empty()) {
    std::string_view others;
    std::string_view value;
    const std::string_view name = Split(Split(text, '&', others), '=', value);
    text = others;
    if (name.empty() && value.empty()) continue;
    Result<std::string> decoded_name = Decode(name, Plus::kBlank);
    if (!decoded_name) return decoded_name.error();
    Result<std::string> decoded_value = Decode(value, Plus::kBlank);
    if (!decoded_value) return decoded_value.error();
    parameters.emplace_back(std::move(*decoded_name), std::move(*decoded_value));
  }
  return parameters;
}

Result<RequestTarget> ParseRequestTarget(std::string_view target) {
  std::string_view query;
  Result<std::string> path = Decode(Split(OriginForm(target), '?', query), Plus::kItself);
  if (!path) return path.error();
  Result<QueryParameters> parameters = ParseQueryParameters(query);
  if (!parameters) return parameters.error();
  return RequestTarget{std::move(*path), std::move(*parameters)};
}

}  // namespace tocsin
