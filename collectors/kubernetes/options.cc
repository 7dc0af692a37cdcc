#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "collectors/http/target.h"
#include "collectors/kubernetes/collector.h"

namespace tocsin::collectors::kubernetes {
namespace {

constexpr std::array kOwnOptions = {
    kApiServerOption,
    OptionDesc{"namespaces", "list of texts", "[]", "The namespaces to look at; without any, all."},
    OptionDesc{"resources", "list of texts", "[]",
               "The kinds to look at, such as pods or leases; without any, all."},
    OptionDesc{"label_selector", "text", "",
               "Only objects with these labels, as in kubectl: team=data,tier!=test."},
    OptionDesc{"max_objects", "integer", "20000",
               "With more objects of a kind than this in one namespace (or in all), that kind "
               "counts as failed."},
};

std::vector<std::string_view> KindNames() {
  std::vector<std::string_view> names;
  for (const ResourceKind& kind : AllResourceKinds()) names.push_back(kind.name);
  return names;
}

/// Source: RFC 1123, "label", which the names of namespaces are.
bool IsNamespace(std::string_view name) {
  constexpr std::size_t kLongest = 63;
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !name.empty() && name.size() <= kLongest && name.front() != '-' && name.back() != '-' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

void RefuseTwice(YamlMap& options, std::string_view key, std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) options.Refuse(key, fmt::format("\"{}\" stands here twice", *twice));
}

Settings ReadSettings(YamlMap& options) {
  Settings settings;
  settings.namespaces = options.StringsOr("namespaces", {});
  for (const std::string& name : settings.namespaces) {
    if (!IsNamespace(name)) {
      options.Refuse("namespaces", fmt::format("\"{}\" cannot be the name of a namespace", name));
    }
  }
  RefuseTwice(options, "namespaces", settings.namespaces);
  settings.resources = options.StringsOr("resources", {});
  const std::vector<std::string_view> known = KindNames();
  for (const std::string& name : settings.resources) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      options.Refuse("resources",
                     fmt::format("expected some of {}, got \"{}\"", fmt::join(known, ", "), name));
    }
  }
  RefuseTwice(options, "resources", settings.resources);
  settings.label_selector = options.StringOr("label_selector", "");
  settings.max_objects = static_cast<std::size_t>(options.IntegerOr(
      "max_objects", static_cast<std::int64_t>(settings.max_objects), 1, 1'000'000));
  return settings;
}

}  // namespace

std::span<const OptionDesc> Options() {
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> all(kOwnOptions.begin(), kOwnOptions.end());
    all.insert(all.end(), kHttpClientOptions.begin(), kHttpClientOptions.end());
    return all;
  }();
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  const ApiServerOptions server = ReadApiServerOptions(options);
  const Settings settings = ReadSettings(options);
  return [server, settings](const Environment& environment) {
    return std::make_unique<KubernetesCollector>(settings, MakeApiServer(server), environment);
  };
}

}  // namespace tocsin::collectors::kubernetes
