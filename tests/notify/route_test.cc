#include "notify/route.h"

#include <string>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tocsin::notify {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct Read {
  std::shared_ptr<const Route> root;
  std::string problems;
};

Read ReadText(const std::string& text) {
  Diagnostics diagnostics("f");
  Read read;
  if (const auto node = ParseYaml(text, diagnostics)) {
    YamlMap notify(*node, diagnostics);
    read.root = ReadRoute(notify, {"a", "b", "c", "d", "team"}, {"night", "weekend"});
  }
  read.problems = diagnostics.Text();
  return read;
}

std::shared_ptr<const Route> ReadTree(const std::string& text) {
  const Read read = ReadText(text);
  BOOST_REQUIRE_EQUAL(read.problems, "");
  return read.root;
}

/// The receivers, in order.
std::string Receivers(const Route& root, const Labels& labels) {
  std::string receivers;
  for (const Route* route : FindRoutes(root, labels)) receivers += route->receiver;
  return receivers;
}

std::vector<std::string> Keys(const Route& route) {
  std::vector<std::string> keys = {fmt::format("{} {}", route.index, route.key)};
  for (const auto& child : route.routes) {
    for (std::string& key : Keys(*child)) keys.push_back(std::move(key));
  }
  return keys;
}

BOOST_AUTO_TEST_SUITE(route_test)

BOOST_AUTO_TEST_CASE(TheFirstChildThatMatchesTakesAnAlert) {
  const auto root = ReadTree(R"(
route:
  receiver: a
  routes:
    - matchers: [team=x]
      receiver: b
      routes:
        - {matchers: ['severity=~"crit.*"'], receiver: c, continue: true}
        - {match: {severity: critical}, receiver: d}
        - {match_re: {severity: 'w.*|i.*'}, receiver: a}
    - {matchers: ['team!=y', 'env!=""'], receiver: c, continue: true}
    - {matchers: [env=prod], receiver: d, continue: true}
    - {matchers: ['region=""', 'env=test'], receiver: b}
)");
  const struct {
    Labels labels;
    std::string receivers;
  } rows[] = {
      {{}, "a"},
      {{{"team", "y"}}, "a"},
      {{{"team", "x"}}, "b"},
      {{{"team", "x"}, {"env", "prod"}}, "b"},
      {{{"team", "x"}, {"severity", "critical"}}, "cd"},
      {{{"team", "x"}, {"severity", "crit"}}, "c"},
      {{{"team", "x"}, {"severity", "warning"}}, "a"},
      {{{"env", "prod"}}, "cd"},
      {{{"env", "prod"}, {"team", "y"}}, "d"},
      {{{"env", "dev"}}, "c"},
      {{{"env", "test"}}, "cb"},
      {{{"env", "test"}, {"region", "eu"}}, "c"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.labels.ToString()) {
      BOOST_TEST(Receivers(*root, row.labels) == row.receivers);
    }
  }
}

BOOST_AUTO_TEST_CASE(GroupsAreNamedByTheirRouteAndLabels) {
  const auto root = ReadTree(R"(
route:
  receiver: a
  group_by: [job, alertname]
  routes:
    - {matchers: [all=yes], group_by: ['...']}
    - {matchers: [one=yes], group_by: [one, missing]}
    - matchers: ['b="x"', 'a="y"']
)");
  const struct {
    Labels labels;
    std::string key;
  } rows[] = {
      {{{"alertname", "A"}, {"job", "j"}, {"x", "y"}}, R"({}:{alertname="A", job="j"})"},
      {{{"alertname", "A"}, {"x", "y"}}, R"({}:{alertname="A"})"},
      {{{"x", "y"}}, "{}:{}"},
      {{{"all", "yes"}, {"x", "y"}}, R"({}/{all="yes"}:{all="yes", x="y"})"},
      {{{"one", "yes"}, {"x", "y"}}, R"({}/{one="yes"}:{one="yes"})"},
      {{{"a", "y"}, {"b", "x"}, {"job", "j"}}, R"({}/{a="y",b="x"}:{job="j"})"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.labels.ToString()) {
      const Route& route = *FindRoutes(*root, row.labels).front();
      BOOST_TEST(GroupKey(route, GroupLabels(route, row.labels)) == row.key);
    }
  }
}

BOOST_AUTO_TEST_CASE(KeysAreUniqueAndCountedDepthFirst) {
  const auto root = ReadTree(R"(
route:
  receiver: a
  routes:
    - matchers: [x=1]
      continue: true
      routes: [{matchers: [y=1]}, {matchers: [y=2]}]
    - matchers: [x=1]
      routes: [{matchers: [y=1]}]
    - {}
    - matchers: [x=1]
    - match: {x: '2'}
)");
  const std::vector<std::string> keys = {
      "0 {}",
      R"(1 {}/{x="1"})",
      R"(2 {}/{x="1"}/{y="1"})",
      R"(3 {}/{x="1"}/{y="2"})",
      R"(4 {}/{x="1"}/1)",
      R"(5 {}/{x="1"}/1/{y="1"})",
      "6 {}/{}",
      R"(7 {}/{x="1"}/2)",
      R"(8 {}/{x="2"})",
  };
  BOOST_TEST(Keys(*root) == keys, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ChildrenInheritMostOptions) {
  const auto root = ReadTree(R"(
route:
  receiver: a
  routes:
    - receiver: b
      group_by: [y, x]
      group_wait: 0s
      group_interval: 1m
      repeat_interval: 1d
      resolve_wait: 5s
      mute_time_intervals: [night]
      active_time_intervals: [weekend]
      continue: true
      matchers: [x=y]
      routes: [{}, {group_by: []}, {group_by: ['...'], resolve_wait: 0s}]
)");
  BOOST_TEST((root->group_wait == seconds(30)));
  BOOST_TEST((root->group_interval == minutes(5)));
  BOOST_TEST((root->repeat_interval == std::chrono::hours(4)));
  BOOST_TEST(!root->resolve_wait.has_value());
  BOOST_TEST(root->group_by.empty());
  const Route& middle = *root->routes.front();
  BOOST_TEST(fmt::format("{}", fmt::join(middle.group_by, " ")) == "x y");
  BOOST_TEST(middle.mute_time_intervals.size() == 1U);
  BOOST_TEST(middle.active_time_intervals.size() == 1U);
  BOOST_TEST(middle.continues);
  for (const auto& leaf : middle.routes) {
    BOOST_TEST(leaf->receiver == "b");
    BOOST_TEST((leaf->group_wait == seconds(0)));
    BOOST_TEST((leaf->group_interval == minutes(1)));
    BOOST_TEST((leaf->repeat_interval == std::chrono::hours(24)));
    BOOST_TEST(leaf->mute_time_intervals.empty());
    BOOST_TEST(leaf->active_time_intervals.empty());
    BOOST_TEST(!leaf->continues);
    BOOST_TEST(leaf->matchers.empty());
    BOOST_TEST(leaf->group_by_all == (leaf == middle.routes[2]));
    BOOST_TEST(leaf->group_by.size() == (leaf->group_by_all ? 0U : 2U));
    BOOST_TEST((leaf->resolve_wait == (leaf->group_by_all ? seconds(0) : seconds(5))));
  }
}

BOOST_AUTO_TEST_CASE(ThereNeedNotBeOne) {
  const Read read = ReadText("{}");
  BOOST_TEST(read.root == nullptr);
  BOOST_TEST(read.problems == "");
}

BOOST_AUTO_TEST_CASE(SaysWhatIsWrongAndWhere) {
  const struct {
    std::string route;
    std::string problems;
  } rows[] = {
      {"{}", "f:1:8: receiver: the root needs one"},
      {"{receiver: x}", "f:1:19: receiver: there is no receiver \"x\""},
      {"{receiver: tem}",
       "f:1:19: receiver: there is no receiver \"tem\" (did you mean \"team\"?)"},
      {"{receiver: a, routes: [{mute_time_intervals: [nigth]}]}",
       "f:1:53: mute_time_intervals: there is no time interval \"nigth\" (did you mean "
       "\"night\"?)"},
      {"{receiver: a, matchers: [x=y]}", "f:1:32: matchers: the root takes every alert"},
      {"{receiver: a, match: {x: y}}", "f:1:29: match: the root takes every alert"},
      {"{receiver: a, match_re: {x: y}}", "f:1:32: match_re: the root takes every alert"},
      {"{receiver: a, continue: true}", "f:1:32: continue: there is nothing after the root"},
      {"{receiver: a, mute_time_intervals: [night]}",
       "f:1:43: mute_time_intervals: the root cannot be muted"},
      {"{receiver: a, active_time_intervals: [night]}",
       "f:1:45: active_time_intervals: the root cannot be muted"},
      {"{receiver: a, group_by: [x, x]}", "f:1:32: group_by: \"x\" is there twice"},
      {"{receiver: a, group_by: [x, '...']}",
       "f:1:32: group_by: expected \"...\" alone: it stands for every label"},
      {"{receiver: a, group_by: ['']}",
       "f:1:32: group_by: expected names of labels, got an empty one"},
      {"{receiver: a, group_interval: 0s}", "f:1:38: group_interval: expected a duration above 0"},
      {"{receiver: a, repeat_interval: 0s}",
       "f:1:39: repeat_interval: expected a duration above 0"},
      {"{receiver: a, routes: [{receiver: x}]}", "f:1:42: receiver: there is no receiver \"x\""},
      {"{receiver: a, routes: [{mute_time_intervals: [day]}]}",
       "f:1:53: mute_time_intervals: there is no time interval \"day\""},
      {"{receiver: a, routes: [{matchers: [x]}]}",
       "f:1:43: matchers: column 2: expected =, !=, =~ or !~, got the end"},
      {"{receiver: a, group_bye: [x]}",
       "f:1:22: unknown key \"group_bye\" (did you mean \"group_by\"?)"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.route) {
      BOOST_TEST(ReadText("route: " + row.route + "\n").problems == row.problems);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
