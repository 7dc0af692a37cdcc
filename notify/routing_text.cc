#include "notify/routing_text.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "base/yaml_printer.h"

namespace tocsin::notify {
namespace {

using IsWanted = std::function<bool(std::string_view key)>;

/// The map without the keys that are not wanted.
YamlNode Filtered(YamlNode map, const IsWanted& is_wanted) {
  std::erase_if(map.entries, [&](const YamlEntry& entry) { return !is_wanted(entry.key.text); });
  return map;
}

YamlNode FilteredEach(YamlNode list, const IsWanted& is_wanted) {
  for (YamlNode& item : list.items) item = Filtered(std::move(item), is_wanted);
  return list;
}

YamlNode PortableRoute(YamlNode route) {
  route = Filtered(std::move(route), [](std::string_view key) { return key != "resolve_wait"; });
  for (YamlEntry& entry : route.entries) {
    if (entry.key.text != "routes") continue;
    for (YamlNode& child : entry.value.items) child = PortableRoute(std::move(child));
  }
  return route;
}

}  // namespace

std::string RoutingText(const YamlNode& configuration) {
  YamlNode routing;
  routing.kind = YamlNode::Kind::kMap;
  routing.place = configuration.place;
  for (const auto& [key, value] : configuration.entries) {
    if (key.text == "route") {
      routing.entries.push_back({key, PortableRoute(value)});
    } else if (key.text == "receivers") {
      const auto is_name = [](std::string_view part) { return part == "name"; };
      routing.entries.push_back({key, FilteredEach(value, is_name)});
    } else if (key.text == "inhibit_rules") {  // Newer Alertmanagers give them names.
      const auto is_old = [](std::string_view part) { return part != "name"; };
      routing.entries.push_back({key, FilteredEach(value, is_old)});
    } else if (key.text == "time_intervals" || key.text == "mute_time_intervals") {
      routing.entries.push_back({key, value});
    }
  }
  return routing.entries.empty() ? std::string() : PrintYaml(routing, {});
}

}  // namespace tocsin::notify
