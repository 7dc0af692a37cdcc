// Options that stand in a map or a list of their own.

#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"

namespace tocsin::collectors {

/// Calls `read` with the map at `key`, if it is there.
template <class Read>
void ReadNested(YamlMap& options, std::string_view key, Read read) {
  const YamlNode* const node = options.Node(key);
  if (node == nullptr) return;
  YamlMap nested(*node, options.diagnostics());
  read(nested);
}

/// Reports a name that is twice in the list at `key`: each makes series, and none may come twice.
inline void RefuseRepeated(YamlMap& options, std::string_view key, std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) options.Refuse(key, *twice + " is there twice");
}

}  // namespace tocsin::collectors
