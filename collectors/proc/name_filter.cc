#include "collectors/proc/name_filter.h"

namespace tocsin::collectors {
namespace {

/// Matches whatever `pattern` is found in.
std::optional<AnchoredRegexp> Anywhere(std::string_view pattern) {
  if (pattern.empty()) return std::nullopt;
  return AnchoredRegexp("(?s:.*)(?:" + std::string(pattern) + ")(?s:.*)");
}

std::string ReadPattern(YamlMap& options, std::string_view key, std::string_view otherwise) {
  if (key.empty()) return {};
  std::string pattern = options.StringOr(key, std::string(otherwise));
  const AnchoredRegexp regexp(pattern);
  if (regexp.ok()) return pattern;
  options.Refuse(key, "expected a regular expression: " + regexp.problem());
  return {};
}

}  // namespace

NameFilter::NameFilter(std::string_view include, std::string_view exclude)
    : include_(Anywhere(include)), exclude_(Anywhere(exclude)) {}

bool NameFilter::Wants(std::string_view name) const {
  if (include_ && !include_->Matches(name)) return false;
  return !exclude_ || !exclude_->Matches(name);
}

NameFilter ReadNameFilter(YamlMap& options, const NameFilterKeys& keys) {
  const std::string include = ReadPattern(options, keys.include, "");
  const std::string exclude =
      ReadPattern(options, keys.exclude, include.empty() ? keys.default_exclude : "");
  return {include, exclude};
}

}  // namespace tocsin::collectors
