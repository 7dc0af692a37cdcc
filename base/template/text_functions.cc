#include "base/template/text_functions.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/template/builtins.h"
#include "base/template/unicode.h"

namespace tocsin::text_template {
namespace {

// Regular expressions.

Error BadRegex(const std::string& pattern, const RE2& regex) {
  return {ErrorCode::kInvalidInput,
          fmt::format("regexp: Compile(`{}`): error parsing regexp: {}", pattern, regex.error())};
}

Result<Value> Match(Arguments arguments) {
  const RE2 regex(arguments[0].text(), RE2::Quiet);
  if (!regex.ok()) return BadRegex(arguments[0].text(), regex);
  return Value(RE2::PartialMatch(arguments[1].text(), regex));
}

bool IsNameCharacter(char c) {
  return c == '_' || IsLetterOrDigit(static_cast<unsigned char>(c));
}

/// Replaces what a regular expression finds, with `$1` and `${name}` in the replacement.
class Replacer {
 public:
  Replacer(const RE2& regex, std::string_view replacement)
      : regex_(regex),
        replacement_(replacement),
        groups_(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1) {}

  /// Go's rules for empty matches: none right behind another match.
  std::string Run(std::string_view text) {
    std::size_t position = 0;
    std::size_t copied = 0;
    while (position <= text.size() && out_.size() <= kMaxTextBytes) {
      if (!regex_.Match(text, position, text.size(), RE2::UNANCHORED, groups_.data(),
                        static_cast<int>(groups_.size()))) {
        break;
      }
      const auto begin = static_cast<std::size_t>(groups_[0].data() - text.data());
      const std::size_t end = begin + groups_[0].size();
      out_ += text.substr(copied, begin - copied);
      const bool is_new = end > copied || begin == 0;
      if (is_new) AppendReplacement();
      copied = end;
      const std::size_t step =
          position < text.size() ? FirstCharacter(text.substr(position)).size : 1;
      position = std::max(end, position + step);
    }
    if (copied < text.size()) out_ += text.substr(copied);
    return std::move(out_);
  }

 private:
  void AppendReplacement() {
    std::string_view rest = replacement_;
    while (!rest.empty()) {
      const std::size_t dollar = std::min(rest.find('$'), rest.size());
      out_ += rest.substr(0, dollar);
      rest.remove_prefix(dollar);
      if (rest.empty()) return;
      rest.remove_prefix(1);
      if (rest.starts_with('$')) {
        out_ += '$';
        rest.remove_prefix(1);
      } else if (const std::optional<std::string_view> name = TakeName(rest)) {
        AppendGroup(*name);
      } else {
        out_ += '$';
      }
    }
  }

  /// The name at the front, in braces or as long as it can be.
  static std::optional<std::string_view> TakeName(std::string_view& rest) {
    const bool is_braced = rest.starts_with('{');
    std::string_view name = rest.substr(is_braced ? 1 : 0);
    const auto end = std::find_if_not(name.begin(), name.end(), IsNameCharacter);
    name = name.substr(0, static_cast<std::size_t>(end - name.begin()));
    const std::size_t size = name.size() + (is_braced ? 2 : 0);
    if (name.empty() || size > rest.size()) return std::nullopt;
    if (is_braced && rest[size - 1] != '}') return std::nullopt;
    rest.remove_prefix(size);
    return name;
  }

  void AppendGroup(std::string_view name) {
    const bool is_number =
        std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    std::size_t group = groups_.size();
    if (is_number) {
      constexpr std::size_t kMostDigits = 6;
      if (name.size() <= kMostDigits) group = std::stoul(std::string(name));
    } else {
      const auto& names = regex_.NamedCapturingGroups();
      const auto found = names.find(std::string(name));
      if (found != names.end()) group = static_cast<std::size_t>(found->second);
    }
    if (group < groups_.size()) out_.append(groups_[group].data(), groups_[group].size());
  }

  const RE2& regex_;
  std::string_view replacement_;
  std::vector<re2::StringPiece> groups_;
  std::string out_;
};

Result<Value> ReplaceAll(Arguments arguments) {
  const RE2 regex(arguments[0].text(), RE2::Quiet);
  if (!regex.ok()) return BadRegex(arguments[0].text(), regex);
  return Value(Replacer(regex, arguments[1].text()).Run(arguments[2].text()));
}

// Case.

std::string Mapped(std::string_view text, char32_t (*map)(char32_t)) {
  std::string out;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    AppendCharacter(out, map(character.code));
    text.remove_prefix(character.size);
  }
  return out;
}

std::string Upper(std::string_view text) {
  return Mapped(text, ToUpper);
}

std::string Lower(std::string_view text) {
  return Mapped(text, ToLower);
}

/// What stands between words. Beyond ASCII only space does.
bool IsSeparator(char32_t code) {
  if (code < 0x80) return !IsLetterOrDigit(code) && code != '_';
  return !IsLetterOrDigit(code) && IsSpace(code);
}

// Addresses.

struct HostAndPort {
  std::string_view host;
  std::string_view port;
};

/// Source: Go's net.SplitHostPort.
std::optional<HostAndPort> SplitHostPort(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const bool has_brackets = host.find_first_of("[]") != std::string_view::npos ||
                            port.find_first_of("[]") != std::string_view::npos;
  if (has_brackets) return std::nullopt;
  return HostAndPort{host, port};
}

bool IsIpAddress(std::string_view host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  const std::string text(host);
  return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

// The functions.

Function OfText(std::string (*body)(std::string_view)) {
  return {{Kind::kString}, false, [=](Arguments arguments) -> Result<Value> {
            return Value(body(arguments[0].text()));
          }};
}

/// A map of arg0, arg1 ..., for a template that wants several values.
Result<Value> Args(Arguments arguments) {
  Value::Entries entries;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    entries.emplace_back("arg" + std::to_string(i), arguments[i]);
  }
  return Value::OfMap(std::move(entries));
}

Result<Value> Same(Arguments arguments) {
  return arguments[0];
}

}  // namespace

std::string StripPort(std::string_view address) {
  const std::optional<HostAndPort> split = SplitHostPort(address);
  return std::string(split ? split->host : address);
}

std::string StripDomain(std::string_view address) {
  const HostAndPort split = SplitHostPort(address).value_or(HostAndPort{address, ""});
  if (IsIpAddress(split.host)) return std::string(address);
  std::string host(split.host.substr(0, split.host.find('.')));
  if (split.port.empty()) return host;
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return host + ":" + std::string(split.port);
}

std::string Title(std::string_view text) {
  std::string out;
  bool is_beginning = true;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    AppendCharacter(out, is_beginning ? ToUpper(character.code) : character.code);
    is_beginning = IsSeparator(character.code);
    text.remove_prefix(character.size);
  }
  return out;
}

void AddTextFunctions(Functions& functions) {
  functions.Add("args", {{kAnything}, true, Args})
      .Add("match", {{Kind::kString, Kind::kString}, false, Match})
      .Add("reReplaceAll", {{Kind::kString, Kind::kString, Kind::kString}, false, ReplaceAll})
      .Add("safeHtml", {{Kind::kString}, false, Same})
      .Add("stripDomain", OfText(StripDomain))
      .Add("stripPort", OfText(StripPort))
      .Add("title", OfText(Title))
      .Add("toLower", OfText(Lower))
      .Add("toUpper", OfText(Upper))
      .Add("urlQueryEscape", OfText(QueryEscaped));
}

}  // namespace tocsin::text_template
