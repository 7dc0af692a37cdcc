#include "notify/dispatcher.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/symbol.h"

namespace tocsin::notify {
namespace {

struct Group;

/// An alert and where it is.
struct Known {
  ReceivedAlert alert;
  std::vector<Group*> groups;
  std::uint64_t version = 0;   ///< Grows with every state of any alert.
  bool is_everywhere = false;  ///< In every group it belongs to.
};

struct GroupId {
  const Route* route = nullptr;
  Labels labels;

  friend bool operator==(const GroupId&, const GroupId&) = default;
};

struct HashGroupId {
  std::size_t operator()(const GroupId& id) const {
    return MixHash(id.labels.hash() ^ id.route->index);
  }
};

struct Group {
  const GroupId* id = nullptr;  ///< Its key in the map.
  std::vector<Known*> alerts;
  bool was_due = false;
  SteadyPoint next;  ///< By `group_wait` and `group_interval`.
  /// By `resolve_wait`. May be too early, because alerts that fire get later ends; so the alerts
  /// are looked at when it is reached.
  SteadyPoint next_resolved = SteadyPoint::max();
  SteadyPoint due;  ///< Its place in the queue.
  /// When it was due last: which alerts were resolved then, and which states had come.
  TimePoint taken_at;
  std::uint64_t taken_version = 0;
};

/// When the alert stops to fire, or did.
TimePoint EndOf(const ReceivedAlert& alert) {
  if (!alert.alert->resolved && alert.alert->rule != nullptr) return TimePoint::max();
  if (alert.alert->ends_at != TimePoint()) return alert.alert->ends_at;
  return alert.alert->resolved ? alert.updated_at : TimePoint::max();
}

ReceivedAlert Merged(const ReceivedAlert& older, ReceivedAlert newer) {
  const TimePoint start = older.alert->starts_at;
  if (start < newer.alert->starts_at && newer.alert->starts_at < EndOf(older)) {
    auto merged = std::make_shared<Alert>(*newer.alert);
    merged->starts_at = start;
    newer.alert = std::move(merged);
  }
  return newer;
}

bool IsSameState(const ReceivedAlert& a, const ReceivedAlert& b) {
  const auto state = [](const Alert& alert) {
    return std::tie(alert.starts_at, alert.ends_at, alert.resolved);
  };
  return state(*a.alert) == state(*b.alert);
}

/// The first bytes of a text, as numbers that are in the order of such texts.
using Prefix = std::array<std::uint64_t, 2>;

Prefix PrefixOf(std::string_view text) {
  std::array<unsigned char, sizeof(Prefix)> bytes{};
  std::copy_n(text.begin(), std::min(text.size(), bytes.size()), bytes.begin());
  Prefix prefix{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::uint64_t& number = prefix[i / sizeof(std::uint64_t)];
    number = number << 8 | bytes[i];
  }
  return prefix;
}

/// An alert and what it is sorted by, looked up once: of many alerts the labels are not in the
/// cache.
struct Ordered {
  std::string_view job;
  std::string_view instance;
  std::size_t size = 0;  ///< Of the label set.
  Prefix prefix{};       ///< Of the first label that tells alerts apart, see TellingLabel().
  const ReceivedAlert* alert = nullptr;
};

/// The order of alerts in a notification. A set with fewer labels comes first.
/// Source: Alertmanager, types.AlertSlice; prometheus/common, LabelSet.Before.
bool ComesBefore(const Ordered& a, const Ordered& b) {
  for (const auto part : {&Ordered::job, &Ordered::instance}) {
    const std::string_view of_a = a.*part;
    const std::string_view of_b = b.*part;
    if (of_a == of_b) continue;
    if (of_a.empty() || of_b.empty()) return of_b.empty();
    return of_a < of_b;
  }
  if (a.size != b.size) return a.size < b.size;
  if (a.prefix != b.prefix) return a.prefix < b.prefix;
  return a.alert->labels < b.alert->labels;
}

/// Before which place the labels of all alerts are the same, if all have a label of one name there.
std::optional<std::size_t> TellingLabel(const std::vector<Known*>& alerts) {
  const std::span<const Label> first = alerts.front()->alert.labels.all();
  std::size_t place = first.size();
  for (const Known* known : alerts) {
    const std::span<const Label> labels = known->alert.labels.all();
    std::size_t same = 0;
    while (same < std::min(place, labels.size()) && labels[same].name == first[same].name &&
           labels[same].value == first[same].value) {
      ++same;
    }
    place = same;
  }
  const bool is_of_one_name =
      place < first.size() && std::ranges::all_of(alerts, [&](const Known* known) {
        const std::span<const Label> labels = known->alert.labels.all();
        return place < labels.size() && labels[place].name == first[place].name;
      });
  return is_of_one_name ? std::optional(place) : std::nullopt;
}

ReceivedAlerts SortedAlerts(const Group& group) {
  if (group.alerts.empty()) return {};
  const std::optional<std::size_t> telling = TellingLabel(group.alerts);
  std::vector<Ordered> order;
  order.reserve(group.alerts.size());
  for (const Known* known : group.alerts) {
    const Labels& labels = known->alert.labels;
    order.push_back({.job = labels.Get("job"),
                     .instance = labels.Get("instance"),
                     .size = labels.size(),
                     .prefix = telling ? PrefixOf(labels.all()[*telling].value.text()) : Prefix{},
                     .alert = &known->alert});
  }
  std::sort(order.begin(), order.end(), ComesBefore);
  ReceivedAlerts alerts;
  alerts.reserve(order.size());
  for (const Ordered& ordered : order) alerts.push_back(*ordered.alert);
  return alerts;
}

/// Views of groups in the order of their routes and keys.
template <class View>
void SortByRoute(std::vector<View>& views) {
  std::sort(views.begin(), views.end(), [](const View& a, const View& b) {
    return std::tie(a.route->index, a.key) < std::tie(b.route->index, b.key);
  });
}

void CollectKeys(const Route& route, std::unordered_map<std::string_view, const Route*>& keys) {
  keys.emplace(route.key, &route);
  for (const auto& child : route.routes) CollectKeys(*child, keys);
}

}  // namespace

struct Dispatcher::Impl {
  explicit Impl(std::shared_ptr<const Route> tree) { SetRoot(std::move(tree)); }

  void SetRoot(std::shared_ptr<const Route> tree) {
    root = std::move(tree);
    routes_by_key.clear();
    CollectKeys(*root, routes_by_key);
  }

  // --- Alerts in groups ---

  void JoinAll(Known& known, const Moment& now) {
    for (const Route* route : FindRoutes(*root, known.alert.labels)) Join(*route, known, now);
    known.is_everywhere = true;
  }

  void Join(const Route& route, Known& known, const Moment& now) {
    Group& group = FindOrMakeGroup({&route, GroupLabels(route, known.alert.labels)}, now);
    if (std::find(known.groups.begin(), known.groups.end(), &group) != known.groups.end()) return;
    known.groups.push_back(&group);
    group.alerts.push_back(&known);
    const bool waited = known.alert.alert->starts_at + route.group_wait <= now.wall;
    if (!group.was_due && waited) group.next = std::min(group.next, now.steady);
    Queue(group);
  }

  Group& FindOrMakeGroup(GroupId id, const Moment& now) {
    const auto [found, is_new] = groups.try_emplace(std::move(id));
    Group& group = found->second;
    if (is_new) {
      group.id = &found->first;
      group.next = now.steady + group.id->route->group_wait;
    }
    return group;
  }

  void Leave(Group& group, std::vector<Known*> leaving) {
    std::sort(leaving.begin(), leaving.end());
    std::erase_if(group.alerts, [&](Known* known) {
      return std::binary_search(leaving.begin(), leaving.end(), known);
    });
    for (Known* known : leaving) {
      std::erase(known->groups, &group);
      known->is_everywhere = false;
    }
    if (group.alerts.empty()) Forget(group);
  }

  void Forget(Group& group) {
    queue.erase({group.due, &group});
    groups.erase(groups.find(*group.id));
  }

  // --- Times of groups ---

  /// Gives the group its place in the queue.
  void Queue(Group& group) {
    // Before it is due for the first time, nobody was told of what may be resolved now.
    const SteadyPoint due = group.was_due ? std::min(group.next, group.next_resolved) : group.next;
    queue.erase({group.due, &group});
    group.due = due;
    queue.emplace(due, &group);
  }

  /// When the end of the alert has to be told.
  static SteadyPoint ResolvedDue(const Group& group, const Known& known, const Moment& now) {
    const std::optional<Duration>& wait = group.id->route->resolve_wait;
    const TimePoint end = EndOf(known.alert);
    if (!wait || end == TimePoint::max()) return SteadyPoint::max();
    return now.steady + std::max(Duration(0), end + *wait - now.wall);
  }

  static SteadyPoint NextResolved(const Group& group, const Moment& now) {
    SteadyPoint next = SteadyPoint::max();
    if (!group.id->route->resolve_wait) return next;
    for (const Known* known : group.alerts) {
      const bool was_taken =
          known->version <= group.taken_version && EndOf(known->alert) <= group.taken_at;
      if (!was_taken) next = std::min(next, ResolvedDue(group, *known, now));
    }
    return next;
  }

  /// Of the first in the queue, whose time has come.
  static bool IsDue(Group& group, const Moment& now) {
    if (group.next <= now.steady) return true;
    group.next_resolved = NextResolved(group, now);
    return group.next_resolved <= now.steady;
  }

  Due Take(Group& group, const Moment& now) {
    const Route& route = *group.id->route;
    group.was_due = true;
    group.taken_at = now.wall;
    group.taken_version = version;
    group.next = now.steady + route.group_interval;
    group.next_resolved = NextResolved(group, now);
    Queue(group);
    return {root, &route, GroupKey(route, group.id->labels), group.id->labels, SortedAlerts(group)};
  }

  // --- Another tree ---

  using Groups = std::unordered_map<GroupId, Group, HashGroupId>;

  /// Groups of the old tree that the new one has, too, without their alerts.
  void Adopt(const Groups& old) {
    for (const auto& [id, group] : old) {
      const auto route = routes_by_key.find(id.route->key);
      if (route == routes_by_key.end()) continue;
      const auto [adopted, is_new] = groups.try_emplace({route->second, id.labels}, group);
      adopted->second.id = &adopted->first;
      adopted->second.alerts.clear();
    }
  }

  void Reroute(const Moment& now) {
    for (auto& [labels, known] : alerts) {
      const bool counts = !known.groups.empty() || !known.alert.IsResolved(now.wall);
      known.groups.clear();
      known.is_everywhere = false;
      if (counts) JoinAll(known, now);
    }
    std::erase_if(groups, [](const auto& entry) { return entry.second.alerts.empty(); });
    for (auto& [id, group] : groups) {
      group.next_resolved = NextResolved(group, now);
      Queue(group);
    }
  }

  /// The group as it is now; null if it is gone.
  Group* FindGroup(const Due& due) {
    const auto route = routes_by_key.find(due.route->key);
    if (route == routes_by_key.end()) return nullptr;
    const auto group = groups.find({route->second, due.group_labels});
    return group == groups.end() ? nullptr : &group->second;
  }

  std::shared_ptr<const Route> root;
  std::unordered_map<std::string_view, const Route*> routes_by_key;
  std::unordered_map<Labels, Known> alerts;
  Groups groups;
  std::set<std::pair<SteadyPoint, Group*>> queue;
  std::uint64_t version = 0;
};

Dispatcher::Dispatcher(std::shared_ptr<const Route> root)
    : impl_(std::make_unique<Impl>(std::move(root))) {}

Dispatcher::~Dispatcher() = default;

const ReceivedAlert& Dispatcher::Receive(ReceivedAlert alert, const Moment& now) {
  const auto [found, is_new] = impl_->alerts.try_emplace(alert.labels);
  Known& known = found->second;
  known.alert = is_new ? std::move(alert) : Merged(known.alert, std::move(alert));
  known.version = ++impl_->version;
  // Whom a group has told that the alert is resolved need not hear of it again.
  const bool joins = is_new || !known.alert.IsResolved(now.wall);
  if (joins && !known.is_everywhere) impl_->JoinAll(known, now);
  for (Group* group : known.groups) {
    const SteadyPoint due = Impl::ResolvedDue(*group, known, now);
    if (due >= group->next_resolved) continue;
    group->next_resolved = due;
    impl_->Queue(*group);
  }
  return known.alert;
}

void Dispatcher::SetRoute(std::shared_ptr<const Route> root, const Moment& now) {
  const std::shared_ptr<const Route> old_root = impl_->root;  // The old groups point into it.
  const Impl::Groups old = std::exchange(impl_->groups, {});
  impl_->queue.clear();
  impl_->SetRoot(std::move(root));
  impl_->Adopt(old);
  impl_->Reroute(now);
}

std::optional<SteadyPoint> Dispatcher::NextDue() const {
  if (impl_->queue.empty()) return std::nullopt;
  return impl_->queue.begin()->first;
}

std::vector<Dispatcher::Due> Dispatcher::TakeDue(const Moment& now) {
  std::vector<Due> due;
  while (!impl_->queue.empty() && impl_->queue.begin()->first <= now.steady) {
    Group& group = *impl_->queue.begin()->second;
    if (Impl::IsDue(group, now)) {
      due.push_back(impl_->Take(group, now));
    } else {
      impl_->Queue(group);
    }
  }
  SortByRoute(due);
  return due;
}

void Dispatcher::Settle(const Due& due, TimePoint at) {
  Group* const group = impl_->FindGroup(due);
  if (group == nullptr) return;
  std::vector<Known*> leaving;
  for (const ReceivedAlert& alert : due.alerts) {
    if (!alert.IsResolved(at)) continue;
    const auto known = impl_->alerts.find(alert.labels);
    const bool is_same = known != impl_->alerts.end() && IsSameState(known->second.alert, alert);
    if (is_same) leaving.push_back(&known->second);
  }
  if (!leaving.empty()) impl_->Leave(*group, std::move(leaving));
}

void Dispatcher::ForEachAlert(const std::function<void(const ReceivedAlert&)>& visit) const {
  for (const auto& [labels, known] : impl_->alerts) visit(known.alert);
}

const ReceivedAlert* Dispatcher::Find(const Labels& labels) const {
  const auto found = impl_->alerts.find(labels);
  return found == impl_->alerts.end() ? nullptr : &found->second.alert;
}

std::vector<std::string> Dispatcher::ReceiversOf(const Labels& labels) const {
  std::vector<std::string> receivers;
  for (const Route* route : FindRoutes(*impl_->root, labels)) {
    const bool is_there =
        std::find(receivers.begin(), receivers.end(), route->receiver) != receivers.end();
    if (!is_there) receivers.push_back(route->receiver);
  }
  return receivers;
}

std::vector<Dispatcher::GroupView> Dispatcher::Groups() const {
  std::vector<GroupView> views;
  views.reserve(impl_->groups.size());
  for (const auto& [id, group] : impl_->groups) {
    views.push_back({id.route, GroupKey(*id.route, id.labels), id.labels, SortedAlerts(group)});
  }
  SortByRoute(views);
  return views;
}

std::size_t Dispatcher::group_count() const {
  return impl_->groups.size();
}

std::size_t Dispatcher::alert_count() const {
  return impl_->alerts.size();
}

ReceivedAlerts Dispatcher::DropOld(TimePoint now) {
  ReceivedAlerts dropped;
  std::erase_if(impl_->alerts, [&](const auto& entry) {
    const Known& known = entry.second;
    const bool is_old =
        known.alert.IsResolved(now) && EndOf(known.alert) + kResolvedRetention <= now;
    if (is_old && known.groups.empty()) dropped.push_back(known.alert);
    return is_old && known.groups.empty();
  });
  return dropped;
}

}  // namespace tocsin::notify
