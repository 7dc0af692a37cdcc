#pragma once

#include <memory>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "base/yaml.h"
#include "collectors/discovery/discovery.h"

namespace tocsin::collectors {

struct ReadDiscovery {
  std::shared_ptr<const DiscoveryOptions> options;
  std::string mistakes;
};

/// Reads options as if they stood in `file`.
inline ReadDiscovery ReadDiscoveryFrom(const std::string& yaml,
                                       const std::string& file = "f.yaml") {
  Diagnostics diagnostics(file);
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  BOOST_TEST_REQUIRE(node.has_value(), diagnostics.Text());
  ReadDiscovery read;
  {
    YamlMap map(*node, diagnostics);
    read.options = ReadDiscoveryOptions(map);
  }
  read.mistakes = diagnostics.Text();
  return read;
}

/// The options in `yaml`, which must be good.
inline std::shared_ptr<const DiscoveryOptions> GoodDiscovery(const std::string& yaml,
                                                             const std::string& file = "f.yaml") {
  ReadDiscovery read = ReadDiscoveryFrom(yaml, file);
  BOOST_TEST_REQUIRE(read.mistakes.empty(), read.mistakes);
  return std::move(read.options);
}

/// The targets as text, one on each line.
inline std::string TextOf(const std::vector<Labels>& targets) {
  std::string text;
  for (const Labels& target : targets) text += target.ToString() + "\n";
  return text;
}

/// "file ok, dns kTimeout: ..." without the codes: a source and its message each.
inline std::string TextOf(const std::vector<SourceReport>& reports) {
  std::string text;
  for (const SourceReport& report : reports) {
    text += report.source + ": " + (report.status ? "ok" : report.status.error().message) + "\n";
  }
  return text;
}

}  // namespace tocsin::collectors
