#include "exporter/generate/object_meta.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "exporter/generate/yaml_text.h"

namespace tocsin::generate {
namespace {

constexpr std::size_t kLongestLabel = 63;  ///< Of a DNS name, and of a label's name and value.
constexpr std::size_t kLongestName = 253;

bool IsLower(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool IsAlphanumeric(char c) {
  return IsLower(c) || (c >= 'A' && c <= 'Z');
}

/// Whether `text` is of such characters or of those in `inside`, which stand neither first nor
/// last.
bool IsMadeOf(std::string_view text, bool (*is_good)(char), std::string_view inside) {
  if (text.empty() || !is_good(text.front()) || !is_good(text.back())) return false;
  return std::ranges::all_of(
      text, [&](char c) { return is_good(c) || inside.find(c) != std::string_view::npos; });
}

bool IsDnsName(std::string_view name) {
  if (name.size() > kLongestName) return false;
  while (true) {
    const std::size_t end = name.find('.');
    if (!IsMadeOf(name.substr(0, end), &IsLower, "-")) return false;
    if (end == std::string_view::npos) return true;
    name.remove_prefix(end + 1);
  }
}

bool IsLabelName(std::string_view name) {
  if (const std::size_t slash = name.find('/'); slash != std::string_view::npos) {
    if (!IsDnsName(name.substr(0, slash))) return false;
    name.remove_prefix(slash + 1);
  }
  return name.size() <= kLongestLabel && IsMadeOf(name, &IsAlphanumeric, "-_.");
}

bool IsLabelValue(std::string_view value) {
  return value.empty() ||
         (value.size() <= kLongestLabel && IsMadeOf(value, &IsAlphanumeric, "-_."));
}

Error Refused(std::string_view text, std::string_view what) {
  return {ErrorCode::kInvalidInput, fmt::format("'{}' cannot be {} in Kubernetes", text, what)};
}

}  // namespace

Status CheckObjectName(std::string_view name) {
  if (IsDnsName(name)) return {};
  return Refused(name, "the name of an object");
}

Status CheckNamespace(std::string_view name) {
  if (name.size() <= kLongestLabel && IsMadeOf(name, &IsLower, "-")) return {};
  return Refused(name, "a namespace");
}

Status CheckLabels(const TextPairs& labels) {
  for (const auto& [name, value] : labels) {
    if (!IsLabelName(name)) return Refused(name, "the name of a label");
    if (!IsLabelValue(value)) return Refused(value, "the value of a label");
  }
  return {};
}

TextPairs WithLabels(TextPairs values, const TextPairs& more) {
  for (const auto& entry : more) {
    const auto same = std::ranges::find(values, entry.first, &TextPairs::value_type::first);
    if (same == values.end()) {
      values.push_back(entry);
    } else {
      *same = entry;
    }
  }
  return values;
}

std::string OperatorObject(std::string_view kind, const ObjectMeta& meta, YamlNode spec) {
  YamlNode metadata = MapNode({{"name", TextNode(meta.name)}});
  if (!meta.space.empty()) {
    metadata.entries.push_back({TextNode("namespace"), TextNode(meta.space)});
  }
  metadata.entries.push_back(
      {TextNode("labels"),
       TextMapNode(WithLabels({{"app.kubernetes.io/name", "tocsin"}}, meta.labels))});
  return YamlText(MapNode({{"apiVersion", TextNode("monitoring.coreos.com/v1")},
                           {"kind", TextNode(std::string(kind))},
                           {"metadata", std::move(metadata)},
                           {"spec", std::move(spec)}}));
}

}  // namespace tocsin::generate
