// Which devices, mount points or groups are wanted, by their names.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/anchored_regexp.h"
#include "base/yaml.h"

namespace tocsin::collectors {

/// Two regular expressions, each of which matches a name that it is found in; `^` and `$` anchor
/// it, as in node_exporter. Immutable. Safe for concurrent use.
class NameFilter {
 public:
  /// Everything is wanted.
  NameFilter() = default;
  /// An empty pattern is as good as none; both must be valid.
  NameFilter(std::string_view include, std::string_view exclude);

  /// Whether the name matches the first pattern, if there is one, and does not match the second.
  bool Wants(std::string_view name) const;

 private:
  std::optional<AnchoredRegexp> include_;
  std::optional<AnchoredRegexp> exclude_;
};

/// The keys of one filter, and what is excluded unless they say otherwise.
struct NameFilterKeys {
  std::string_view include = {};  ///< Empty if there is no such key.
  std::string_view exclude = {};
  std::string_view default_exclude = {};
};

/// Reads a filter. What is excluded by default is so only without an `include`: who says what is
/// wanted gets it. Mistakes are reported.
NameFilter ReadNameFilter(YamlMap& options, const NameFilterKeys& keys);

}  // namespace tocsin::collectors
