// The tree that says which receiver hears of an alert, and how alerts are put together.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/yaml.h"
#include "notify/label_matcher.h"

namespace tocsin::notify {

/// A node of the tree, with what it inherits from its parent filled in. Immutable once read.
/// Source: Alertmanager's documentation, "Configuration", <route>; dispatch/route.go.
struct Route {
  std::string receiver;
  std::vector<std::string> group_by;  ///< Sorted.
  bool group_by_all = false;          ///< `group_by: ['...']`
  Duration group_wait = std::chrono::seconds(30);
  Duration group_interval = std::chrono::minutes(5);
  Duration repeat_interval = std::chrono::hours(4);
  /// How long after an alert of the group was resolved its next notification may take at most. Not
  /// set: it waits for the group's interval, as in Alertmanager. tocsin's own.
  std::optional<Duration> resolve_wait;
  LabelMatchers matchers;
  bool continues = false;                          ///< `continue`
  std::vector<std::string> mute_time_intervals;    ///< Not inherited.
  std::vector<std::string> active_time_intervals;  ///< Not inherited.
  std::vector<std::shared_ptr<const Route>> routes;

  /// Which node it is: `{}/{team="x"}`, with the position among siblings of the same matchers where
  /// that says too little.
  std::string key;
  std::size_t index = 0;  ///< Depth first, the root is 0: the order of notifications.
};

/// The nodes that take an alert: depth first, the first child that matches, and those after it
/// where `continue` is set; a node none of whose children match takes it itself.
std::vector<const Route*> FindRoutes(const Route& root, const Labels& labels);

/// The labels that name the alert's group in that node.
Labels GroupLabels(const Route& route, const Labels& labels);

/// `{}/{team="x"}:{alertname="A"}`: which group it is, the same over restarts.
std::string GroupKey(const Route& route, const Labels& group_labels);

/// Reads `route`; null if it is missing. Receivers and time intervals must be among those given.
/// Also takes `match` and `match_re`, the older words. Mistakes are reported.
std::shared_ptr<const Route> ReadRoute(YamlMap& notify, const std::set<std::string>& receivers,
                                       const std::set<std::string>& time_intervals);

}  // namespace tocsin::notify
