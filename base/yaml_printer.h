// A YAML tree as text.

#pragma once

#include <span>
#include <string>

#include "base/yaml.h"

namespace tocsin {

/// `node` as YAML, in blocks. Scalars that stand at one of the places in `hidden` are shown as
/// `<secret>`, and so are the values in the queries of URLs. Reading the text again gives the same
/// tree, but for these.
std::string PrintYaml(const YamlNode& node, std::span<const YamlPlace> hidden);

}  // namespace tocsin
