#include "base/yaml_printer.h"

#include <algorithm>

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

namespace tocsin {
namespace {

void Emit(YAML::Emitter& out, const YamlNode& node, std::span<const YamlPlace> hidden) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: out << YAML::Null; return;
    case YamlNode::Kind::kScalar:
      if (std::find(hidden.begin(), hidden.end(), node.place) != hidden.end()) {
        out << "<secret>";
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
