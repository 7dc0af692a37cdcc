#include "collectors/proc/protocols.h"

#include <optional>

#include "collectors/proc/fields.h"

namespace tocsin::collectors {
namespace {

/// Takes "Tcp:" off the line; empty if that is not how it begins.
std::string_view TakeProtocol(std::string_view& line) {
  const std::string_view word = TakeWord(line);
  return word.ends_with(':') ? word.substr(0, word.size() - 1) : std::string_view();
}

Status AddPair(std::string_view names, std::string_view values,
               std::vector<ProtocolCount>& counts) {
  const std::string_view line = values;
  const std::string_view protocol = TakeProtocol(names);
  if (protocol.empty() || TakeProtocol(values) != protocol) {
    return Malformed("values of the protocol in the line before", line);
  }
  while (true) {
    const std::string_view name = TakeWord(names);
    const std::string_view value = TakeWord(values);
    if (name.empty() && value.empty()) return {};
    const std::optional<double> number = ParseSigned(value);
    if (name.empty() || !number) return Malformed("a number for each name", line);
    counts.push_back({protocol, name, *number});
  }
}

}  // namespace

Result<std::vector<ProtocolCount>> ParseProtocolPairs(std::string_view text) {
  std::vector<ProtocolCount> counts;
  while (const auto names = TakeLine(text)) {
    if (Trimmed(*names).empty()) continue;
    const std::optional<std::string_view> values = TakeLine(text);
    if (!values) return Malformed("a line of values after this", *names);
    if (Status added = AddPair(*names, *values, counts); !added) return added.error();
  }
  return counts;
}

Result<std::vector<ProtocolCount>> ParseSnmp6(std::string_view text) {
  std::vector<ProtocolCount> counts;
  while (const auto line = TakeLine(text)) {
    std::string_view rest = *line;
    const std::string_view key = TakeWord(rest);
    const std::size_t six = key.find('6');
    if (six == std::string_view::npos) continue;
    const std::optional<double> value = ParseSigned(TakeWord(rest));
    if (!value) return Malformed("a name and a number", *line);
    counts.push_back({key.substr(0, six + 1), key.substr(six + 1), *value});
  }
  return counts;
}

Result<std::vector<ProtocolCount>> ParseSockstat(std::string_view text) {
  std::vector<ProtocolCount> counts;
  while (const auto line = TakeLine(text)) {
    if (Trimmed(*line).empty()) continue;
    std::string_view rest = *line;
    const std::string_view protocol = TakeProtocol(rest);
    if (protocol.empty()) return Malformed("a protocol and a colon", *line);
    while (true) {
      const std::string_view name = TakeWord(rest);
      if (name.empty()) break;
      const std::optional<double> value = ParseSigned(TakeWord(rest));
      if (!value) return Malformed("a number for each name", *line);
      counts.push_back({protocol, name, *value});
    }
  }
  return counts;
}

}  // namespace tocsin::collectors
