#include "base/yaml_printer.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

namespace tocsin {
namespace {

constexpr std::string_view kHidden = "<secret>";

/// Whether `text` is a URL or the path of one, with something after a question mark.
bool HasUrlQuery(std::string_view text) {
  const bool is_url = text.starts_with("http://") || text.starts_with("https://");
  const bool is_path = text.starts_with('/') && text.find('=') != std::string_view::npos;
  return (is_url || is_path) && text.find('?') != std::string_view::npos &&
         text.find_first_of(" \t\n") == std::string_view::npos;
}

/// A URL without the values in its query, any of which may be a token.
std::string WithoutQueryValues(std::string_view url) {
  const std::size_t query = url.find('?') + 1;
  std::string shown(url.substr(0, query));
  std::string_view rest = url.substr(query, url.find('#') - query);
  for (bool is_first = true; is_first || !rest.empty(); is_first = false) {
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), parameter.size() + 1));
    const std::size_t equals = parameter.find('=');
    if (!is_first) shown += '&';
    if (equals != std::string_view::npos) shown += parameter.substr(0, equals + 1);
    if (!parameter.empty()) shown += kHidden;
  }
  return shown;
}

void Emit(YAML::Emitter& out, const YamlNode& node, std::span<const YamlPlace> hidden) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: out << YAML::Null; return;
    case YamlNode::Kind::kScalar:
      if (std::find(hidden.begin(), hidden.end(), node.place) != hidden.end()) {
        out << std::string(kHidden);
      } else if (HasUrlQuery(node.text)) {
        const std::string shown = WithoutQueryValues(node.text);
        if (node.quoted) out << YAML::DoubleQuoted;
        out << shown;
      } else if (node.quoted) {
        out << YAML::DoubleQuoted << node.text;
      } else {
        out << node.text;
      }
      return;
    case YamlNode::Kind::kList:
      out << YAML::BeginSeq;
      for (const YamlNode& item : node.items) Emit(out, item, hidden);
      out << YAML::EndSeq;
      return;
    case YamlNode::Kind::kMap:
      out << YAML::BeginMap;
      for (const YamlEntry& entry : node.entries) {
        out << YAML::Key;
        Emit(out, entry.key, {});
        out << YAML::Value;
        Emit(out, entry.value, hidden);
      }
      out << YAML::EndMap;
      return;
  }
}

}  // namespace

std::string PrintYaml(const YamlNode& node, std::span<const YamlPlace> hidden) {
  YAML::Emitter out;
  Emit(out, node, hidden);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace tocsin
