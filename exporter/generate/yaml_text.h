// YAML for people: trees as text, in the style of the rule packs.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/yaml.h"

namespace tocsin::generate {

/// Trees to be written. A text stays one when it is read, whatever it looks like.
YamlNode TextNode(std::string text);
YamlNode MapNode(const std::vector<std::pair<std::string, YamlNode>>& entries);
YamlNode TextMapNode(const std::vector<std::pair<std::string, std::string>>& entries);
YamlNode ListNode(std::vector<YamlNode> items);

/// `map` in blocks, with a newline at the end. Texts of several lines are literal blocks, long
/// lines are folded at 120 columns, and quotes stand only where the text would be read as something
/// else. Reading it again, by a reader of YAML 1.1 or 1.2, gives the same tree.
///
/// base/yaml_printer.h prints what a program reads: every text in one line.
std::string YamlText(const YamlNode& map);

}  // namespace tocsin::generate
