#include "notify/route.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/nearest_word.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kAllLabels = "...";
constexpr MatcherKeys kMatcherKeys = {"match", "match_re", "matchers"};

using Names = std::set<std::string>;

void Find(const Route& route, const Labels& labels, std::vector<const Route*>& found) {
  const std::size_t before = found.size();
  for (const auto& child : route.routes) {
    if (!Matches(child->matchers, labels)) continue;
    Find(*child, labels, found);
    if (!child->continues) break;
  }
  if (found.size() == before) found.push_back(&route);
}

/// Reads the tree and reports what is wrong with it.
class TreeReader {
 public:
  TreeReader(Diagnostics& diagnostics, const Names& receivers, const Names& time_intervals)
      : diagnostics_(diagnostics), receivers_(receivers), time_intervals_(time_intervals) {}

  std::shared_ptr<const Route> ReadRoot(const YamlNode& node) {
    YamlMap options(node, diagnostics_);
    const auto root = std::make_shared<Route>();
    for (const std::string_view key :
         {kMatcherKeys.equal, kMatcherKeys.regexp, kMatcherKeys.matchers}) {
      RefuseAtRoot(options, key, "the root takes every alert");
    }
    for (const std::string_view key : {"mute_time_intervals", "active_time_intervals"}) {
      RefuseAtRoot(options, key, "the root cannot be muted");
    }
    ReadOwn(options, *root);
    if (root->continues) options.Refuse("continue", "there is nothing after the root");
    if (root->receiver.empty()) options.Refuse("receiver", "the root needs one");
    root->key = ToString(root->matchers);
    ReadChildren(options, *root);
    return root;
  }

 private:
  static void RefuseAtRoot(YamlMap& options, std::string_view key, std::string_view why) {
    if (options.Has(key)) options.Refuse(key, std::string(why));
  }

  /// What stands at the node itself; `route` comes with what it inherits.
  void ReadOwn(YamlMap& options, Route& route) {
    route.index = count_++;
    ReadReceiver(options, route);
    ReadGroupBy(options, route);
    route.group_wait = options.DurationOr("group_wait", route.group_wait);
    route.group_interval = options.PositiveDurationOr("group_interval", route.group_interval);
    route.repeat_interval = options.PositiveDurationOr("repeat_interval", route.repeat_interval);
    if (options.Has("resolve_wait")) route.resolve_wait = options.DurationOr("resolve_wait", {});
    route.matchers = ReadLabelMatchers(options, kMatcherKeys);
    route.continues = options.BoolOr("continue", false);
    route.mute_time_intervals = ReadTimeIntervalNames(options, "mute_time_intervals");
    route.active_time_intervals = ReadTimeIntervalNames(options, "active_time_intervals");
  }

  void ReadChildren(YamlMap& options, Route& route) {
    std::map<std::string, int> seen;
    for (const YamlNode& node : options.List("routes")) {
      YamlMap child_options(node, diagnostics_);
      const auto child = std::make_shared<Route>(Inherited(route));
      ReadOwn(child_options, *child);
      const std::string matchers = ToString(child->matchers);
      child->key = fmt::format("{}/{}", route.key, matchers);
      const int position = seen[matchers]++;
      if (position > 0) child->key += fmt::format("/{}", position);
      ReadChildren(child_options, *child);
      route.routes.push_back(child);
    }
  }

  static Route Inherited(const Route& parent) {
    Route child;
    child.receiver = parent.receiver;
    child.group_by = parent.group_by;
    child.group_by_all = parent.group_by_all;
    child.group_wait = parent.group_wait;
    child.group_interval = parent.group_interval;
    child.repeat_interval = parent.repeat_interval;
    child.resolve_wait = parent.resolve_wait;
    return child;
  }

  void ReadReceiver(YamlMap& options, Route& route) {
    const std::string receiver = options.StringOr("receiver", "");
    if (receiver.empty()) return;
    route.receiver = receiver;
    if (!receivers_.contains(receiver)) {
      options.Refuse("receiver",
                     fmt::format("there is no receiver \"{}\"{}", receiver,
                                 DidYouMean(receiver, {receivers_.begin(), receivers_.end()})));
    }
  }

  /// An empty list is as good as none, as in Alertmanager.
  void ReadGroupBy(YamlMap& options, Route& route) {
    std::vector<std::string> names = options.StringsOr("group_by", {});
    if (names.empty()) return;
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    const bool has_all = std::find(names.begin(), names.end(), kAllLabels) != names.end();
    if (twice != names.end()) {
      options.Refuse("group_by", fmt::format("\"{}\" is there twice", *twice));
    } else if (has_all && names.size() > 1) {
      options.Refuse("group_by", "expected \"...\" alone: it stands for every label");
    } else if (!std::all_of(names.begin(), names.end(), IsUtf8Name)) {
      options.Refuse("group_by", "expected names of labels, got an empty one");
    }
    route.group_by_all = has_all;
    route.group_by = has_all ? std::vector<std::string>() : std::move(names);
  }

  std::vector<std::string> ReadTimeIntervalNames(YamlMap& options, std::string_view key) const {
    std::vector<std::string> names = options.StringsOr(key, {});
    for (const std::string& name : names) {
      if (time_intervals_.contains(name)) continue;
      options.Refuse(
          key, fmt::format("there is no time interval \"{}\"{}", name,
                           DidYouMean(name, {time_intervals_.begin(), time_intervals_.end()})));
    }
    return names;
  }

  Diagnostics& diagnostics_;
  const Names& receivers_;
  const Names& time_intervals_;
  std::size_t count_ = 0;
};

}  // namespace

std::vector<const Route*> FindRoutes(const Route& root, const Labels& labels) {
  std::vector<const Route*> found;
  Find(root, labels, found);
  return found;
}

Labels GroupLabels(const Route& route, const Labels& labels) {
  if (route.group_by_all) return labels;
  LabelsBuilder builder;
  for (const std::string& name : route.group_by) builder.Set(name, labels.Get(name));
  return builder.Build();
}

std::string GroupKey(const Route& route, const Labels& group_labels) {
  return route.key + ':' + group_labels.ToString();
}

std::shared_ptr<const Route> ReadRoute(YamlMap& notify, const std::set<std::string>& receivers,
                                       const std::set<std::string>& time_intervals) {
  const YamlNode* const node = notify.Node("route");
  if (node == nullptr) return nullptr;
  return TreeReader(notify.diagnostics(), receivers, time_intervals).ReadRoot(*node);
}

}  // namespace tocsin::notify
