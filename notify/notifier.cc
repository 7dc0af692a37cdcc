#include "notify/notifier.h"

#include <algorithm>
#include <map>
#include <set>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/alarm.h"
#include "base/moment.h"
#include "base/mutex.h"
#include "base/relabel.h"
#include "notify/couriers.h"
#include "notify/dispatcher.h"
#include "notify/inhibition.h"
#include "notify/log_book.h"
#include "notify/plan.h"
#include "notify/receiver_watch.h"

namespace tocsin::notify {
namespace {

/// How often receivers that fail are looked at, and what is old is forgotten.
constexpr Duration kHousekeeping = std::chrono::seconds(10);

/// A tree that tells nobody: alerts can be looked at and silenced without any receiver.
std::shared_ptr<const Route> NobodysRoute() {
  auto route = std::make_shared<Route>();
  route->key = "{}";
  return route;
}

std::shared_ptr<const NotifyConfig> WithRoute(std::shared_ptr<const NotifyConfig> config) {
  if (config->route != nullptr) return config;
  auto with_route = std::make_shared<NotifyConfig>(*config);
  with_route->route = NobodysRoute();
  return with_route;
}

void Add(QuietCounts& total, const QuietCounts& more) {
  total.silenced += more.silenced;
  total.inhibited += more.inhibited;
  total.muted += more.muted;
  total.inactive += more.inactive;
}

/// What was told of an alert, as the alert it is now.
std::shared_ptr<const Alert> FromNotified(const NotifiedAlert& notified) {
  Alert alert;
  alert.labels = notified.labels;
  alert.annotations = notified.annotations;
  alert.starts_at = notified.starts_at;
  alert.value = notified.value.value_or(0);
  alert.generator_url = notified.generator_url;
  if (!notified.expression.empty()) {
    alert.rule = std::make_shared<const AlertRule>(
        AlertRule{.group = {}, .expression = notified.expression, .condition = notified.condition});
  }
  return std::make_shared<const Alert>(std::move(alert));
}

}  // namespace

struct Notifier::Impl {
  Impl(NotifyStore& notify_store, SenderParts sender_parts)
      : store(notify_store),
        parts(std::move(sender_parts)),
        clock(*parts.clock),
        kept(store.TakeKept()),
        couriers(store, kept),
        alarm(clock),
        config(WithRoute(std::make_shared<const NotifyConfig>())),
        dispatcher(config->route),
        inhibitor({}) {
    silences.Load(std::move(kept.silences), clock.Now());
    for (const auto& [key, told] : kept.log) {
      log.Put(key, told.entry, told.expires);
      watch.Restore(key, told.last);
    }
    parts.given_up = [this](const std::string& receiver, const std::string& entry,
                            const std::string& group_key) {
      const MutexLock lock(refusing);
      refused.insert({group_key, {receiver, entry}});
    };
    thread = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  }

  void Run(const std::stop_token& stop);
  SteadyPoint NextLook() const;
  void Receive(ReceivedAlerts alerts);
  void ResolveUntold() TOCSIN_REQUIRES(mutex);
  void Flush();
  std::vector<Told> PlanDue() TOCSIN_REQUIRES(mutex);
  void Carry(std::vector<Told> told);
  void InhibitByReceivers(TimePoint now) TOCSIN_REQUIRES(mutex);
  std::vector<Told> LookAtReceivers(const std::vector<DestinationHealth>& health, TimePoint now)
      TOCSIN_REQUIRES(mutex);
  void KeepHouse();
  std::vector<DestinationHealth> Health() const;
  AlertView View(const ReceivedAlert& alert, TimePoint now) const TOCSIN_REQUIRES(mutex);
  std::vector<AlertView> ReceiverAlerts(TimePoint now) const TOCSIN_REQUIRES(mutex);

  NotifyStore& store;
  SenderParts parts;  // The external address changes, under `configuring`.
  const Clock& clock;
  NotifyStore::Kept kept;
  Couriers couriers;
  Alarm alarm;
  Mutex configuring;  // Held through Configure(); taken before `mutex`.

  Mutex refusing;  // Taken by couriers; nothing else is taken with it.
  std::set<NotifyStore::LogKey> refused TOCSIN_GUARDED_BY(refusing);

  mutable Mutex mutex;
  std::shared_ptr<const NotifyConfig> config TOCSIN_GUARDED_BY(mutex);
  Labels external_labels TOCSIN_GUARDED_BY(mutex);
  Dispatcher dispatcher TOCSIN_GUARDED_BY(mutex);
  Inhibitor inhibitor TOCSIN_GUARDED_BY(mutex);
  Silences silences TOCSIN_GUARDED_BY(mutex);
  LogBook log TOCSIN_GUARDED_BY(mutex);
  ReceiverWatch watch TOCSIN_GUARDED_BY(mutex);
  QuietCounts quiet TOCSIN_GUARDED_BY(mutex);
  bool is_open TOCSIN_GUARDED_BY(mutex) = false;

  SteadyPoint next_housekeeping = SteadyPoint();  // The thread's own.
  std::jthread thread;                            // Last: it uses all of the above.
};

void Notifier::Impl::Run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { alarm.Ring(); });
  while (!stop.stop_requested()) {
    Flush();
    if (clock.SteadyNow() >= next_housekeeping) KeepHouse();
    if (!stop.stop_requested()) alarm.WaitUntil(NextLook());
  }
}

SteadyPoint Notifier::Impl::NextLook() const {
  const MutexLock lock(mutex);
  const std::optional<SteadyPoint> due = is_open ? dispatcher.NextDue() : std::nullopt;
  return due ? std::min(*due, next_housekeeping) : next_housekeeping;
}

void Notifier::Impl::Receive(ReceivedAlerts alerts) {
  if (alerts.empty()) return;
  bool is_sooner = false;
  {
    const MutexLock lock(mutex);
    const std::optional<SteadyPoint> before = dispatcher.NextDue();
    const Moment now = MomentOf(clock);
    for (ReceivedAlert& alert : alerts) {
      alert.updated_at = now.wall;
      inhibitor.Update(dispatcher.Receive(std::move(alert), now));
    }
    is_sooner = is_open && dispatcher.NextDue() != before;
  }
  if (is_sooner) alarm.Ring();
}

/// What receivers were told fires, and nobody has told of since the start.
void Notifier::Impl::ResolveUntold() {
  const Moment now = MomentOf(clock);
  std::unordered_map<Labels, ReceivedAlert> untold;
  for (const auto& [key, told] : kept.log) {
    for (const NotifiedAlert& notified : told.last.alerts) {
      if (notified.resolved || dispatcher.Find(notified.labels) != nullptr) continue;
      if (!std::binary_search(told.entry.firing.begin(), told.entry.firing.end(),
                              notified.fingerprint)) {
        continue;
      }
      Alert alert = *FromNotified(notified);
      // An alert that others have posted is theirs to end: they have as long as after any post.
      const bool is_ours = !notified.expression.empty();
      alert.resolved = is_ours;
      alert.ends_at = is_ours ? now.wall : now.wall + config->resolve_timeout;
      alert.reason = is_ours ? AlertReason::kMissing : AlertReason::kRepeat;
      untold.insert_or_assign(
          notified.labels, ReceivedAlert{.labels = notified.labels,
                                         .alert = std::make_shared<const Alert>(std::move(alert)),
                                         .updated_at = now.wall});
    }
  }
  for (auto& [labels, alert] : untold) {
    if (labels.Get("alertname") == ReceiverWatch::kAlertName) continue;
    inhibitor.Update(dispatcher.Receive(std::move(alert), now));
  }
  kept.log.clear();
}

void Notifier::Impl::Flush() {
  std::vector<Told> told;
  {
    const MutexLock lock(mutex);
    if (!is_open) return;
    told = PlanDue();
  }
  Carry(std::move(told));
}

std::vector<Told> Notifier::Impl::PlanDue() {
  const Moment now = MomentOf(clock);
  const PlanContext context = {*config, inhibitor, silences, log, now.wall};
  std::vector<Told> all;
  for (Dispatcher::Due& due : dispatcher.TakeDue(now)) {
    GroupPlan plan = PlanGroup(due, context);
    Add(quiet, plan.quiet);
    for (Told& told : plan.told) {
      log.Put(told.key, told.entry, told.expires);
      all.push_back(std::move(told));
    }
    if (!plan.untold.empty()) {
      std::unordered_set<Labels> stay;
      for (const ReceivedAlert& alert : plan.untold) stay.insert(alert.labels);
      std::erase_if(due.alerts,
                    [&](const ReceivedAlert& alert) { return stay.contains(alert.labels); });
    }
    dispatcher.Settle(due, now.wall);
  }
  return all;
}

/// Writes what was decided, and hands it to the couriers.
void Notifier::Impl::Carry(std::vector<Told> told) {
  if (told.empty()) return;
  const TimePoint now = clock.Now();
  std::map<Destination, std::vector<PendingDelivery>> loads;
  NotifyStore::Decided decided;
  decided.log.reserve(told.size());
  for (Told& one : told) {
    const Notification* notification = one.notification ? &*one.notification : nullptr;
    if (notification != nullptr) {
      std::vector<PendingDelivery>& load = loads[one.key.second];
      for (Delivery& delivery : one.integration->Split(*notification)) {
        load.push_back({.id = store.NextId(),
                        .delivery = std::move(delivery),
                        .created_at = now,
                        .attempts = 0});
      }
    }
    decided.log.push_back({std::move(one.key), std::move(one.entry), notification, one.expires});
  }
  for (auto& [destination, load] : loads) {
    const std::shared_ptr<Courier> courier = couriers.Find(destination);
    if (courier != nullptr) {
      const std::vector<std::int64_t> superseded = courier->WouldSupersede(load);
      decided.superseded.insert(decided.superseded.end(), superseded.begin(), superseded.end());
    }
    for (const PendingDelivery& pending : load) decided.outbox.emplace_back(destination, &pending);
  }
  store.Commit(decided);
  for (auto& [destination, load] : loads) {
    const std::shared_ptr<Courier> courier = couriers.Find(destination);
    if (courier != nullptr) courier->Push(std::move(load));
  }
}

std::vector<DestinationHealth> Notifier::Impl::Health() const {
  std::vector<DestinationHealth> health;
  for (const std::shared_ptr<Courier>& courier : couriers.All()) {
    health.push_back({.destination = courier->destination(),
                      .failing_since = courier->failing_since(),
                      .has_delivered = courier->stats().sent > 0,
                      .last_error = courier->last_error()});
  }
  return health;
}

std::vector<Told> Notifier::Impl::LookAtReceivers(const std::vector<DestinationHealth>& health,
                                                  TimePoint now) {
  const auto is_quiet = [&](const Labels& labels) TOCSIN_REQUIRES(mutex) {
    return !silences.SilencedBy(labels, now).empty() ||
           inhibitor.InhibitedBy(labels, now).has_value();
  };
  const std::vector<ReceiverWatch::Raised> before = watch.Firing();
  std::vector<Told> told = watch.Look(health, {*config, external_labels, log, is_quiet}, now);
  for (const Told& one : told) log.Put(one.key, one.entry, one.expires);
  for (const ReceiverWatch::Raised& raised : before) inhibitor.Remove(raised.alert->labels);
  InhibitByReceivers(now);
  return told;
}

/// Alerts about receivers inhibit others.
void Notifier::Impl::InhibitByReceivers(TimePoint now) {
  for (const ReceiverWatch::Raised& raised : watch.Firing()) {
    inhibitor.Update({raised.alert->labels, raised.alert, now});
  }
}

void Notifier::Impl::KeepHouse() {
  next_housekeeping = clock.SteadyNow() + kHousekeeping;
  const TimePoint now = clock.Now();
  bool is_looking = false;  // Before, there may be no couriers to look at yet.
  {
    const MutexLock lock(mutex);
    is_looking = is_open;
  }
  const std::vector<DestinationHealth> health = Health();
  std::vector<Told> told;
  std::vector<std::string> forgotten;
  {
    const MutexLock lock(mutex);
    if (is_looking) told = LookAtReceivers(health, now);
    log.DropExpired(now);
    forgotten = silences.DropOld(now);
    for (const ReceivedAlert& alert : dispatcher.DropOld(now)) inhibitor.Remove(alert.labels);
  }
  Carry(std::move(told));
  couriers.DropIdle();
  if (!forgotten.empty()) (void)store.PutSilences({}, forgotten);
  store.DropExpired(now);
}

Notifier::Notifier(NotifyStore& store, SenderParts parts)
    : impl_(std::make_unique<Impl>(store, std::move(parts))) {}

Notifier::~Notifier() {
  Stop(Duration(0));
}

void Notifier::Configure(std::shared_ptr<const NotifyConfig> config, Labels external_labels,
                         std::string external_url) {
  Impl& impl = *impl_;
  const MutexLock configuring(impl.configuring);
  config = WithRoute(std::move(config));
  impl.parts.external_url = std::move(external_url);
  impl.couriers.Configure(config->receivers, impl.parts);
  std::set<NotifyStore::LogKey> refused;
  {
    const MutexLock lock(impl.refusing);
    refused.swap(impl.refused);
  }
  {
    const MutexLock lock(impl.mutex);
    // What a receiver would not have is told again now: somebody may have mended the reason.
    for (const NotifyStore::LogKey& key : refused) impl.log.Forget(key);
    impl.inhibitor = Inhibitor(config->inhibit_rules);
    impl.dispatcher.ForEachAlert([&](const ReceivedAlert& alert)
                                     TOCSIN_REQUIRES(impl.mutex) { impl.inhibitor.Update(alert); });
    impl.InhibitByReceivers(impl.clock.Now());
    impl.dispatcher.SetRoute(config->route, MomentOf(impl.clock));
    impl.external_labels = std::move(external_labels);
    impl.config = std::move(config);
  }
  impl.alarm.Ring();
}

void Notifier::Send(std::span<const Alert> alerts) {
  const AlertNaming names = naming();
  ReceivedAlerts received;
  received.reserve(alerts.size());
  for (const Alert& alert : alerts) {
    std::optional<Labels> labels = names.LabelsOf(alert.labels);
    if (!labels) continue;
    received.push_back({std::move(*labels), std::make_shared<const Alert>(alert), TimePoint()});
  }
  impl_->Receive(std::move(received));
}

AlertNaming Notifier::naming() const {
  const MutexLock lock(impl_->mutex);
  return {impl_->config, impl_->external_labels};
}

void Notifier::Post(std::vector<Alert> alerts) {
  const TimePoint now = impl_->clock.Now();
  const Duration resolve_timeout = config()->resolve_timeout;
  ReceivedAlerts received;
  received.reserve(alerts.size());
  for (Alert& alert : alerts) {
    if (alert.ends_at == TimePoint()) alert.ends_at = now + resolve_timeout;
    Labels labels = alert.labels;
    received.push_back(
        {std::move(labels), std::make_shared<const Alert>(std::move(alert)), TimePoint()});
  }
  impl_->Receive(std::move(received));
}

void Notifier::Open() {
  {
    const MutexLock lock(impl_->mutex);
    if (impl_->is_open) return;
    impl_->ResolveUntold();
    impl_->InhibitByReceivers(impl_->clock.Now());
    impl_->is_open = true;
  }
  impl_->alarm.Ring();
}

Notifier::AlertView Notifier::Impl::View(const ReceivedAlert& alert, TimePoint now) const {
  AlertView view;
  view.alert = alert;
  view.fingerprint = Fingerprint(alert.labels);
  view.resolved = alert.IsResolved(now);
  view.receivers = dispatcher.ReceiversOf(alert.labels);
  std::erase(view.receivers, std::string());  // Of the route that tells nobody.
  view.silenced_by = silences.SilencedBy(alert.labels, now);
  view.inhibited_by = inhibitor.InhibitedBy(alert.labels, now);
  return view;
}

/// The alerts about receivers, which have routes of their own.
std::vector<Notifier::AlertView> Notifier::Impl::ReceiverAlerts(TimePoint now) const {
  std::vector<AlertView> views;
  for (const ReceiverWatch::Raised& raised : watch.Firing()) {
    auto alert = std::make_shared<Alert>(*raised.alert);
    alert->ends_at = now + config->resolve_timeout;  // Unless it is found to go on, as it will be.
    std::set<std::string> receivers;
    for (const Destination& told : raised.told) receivers.insert(told.receiver);
    const Labels labels = alert->labels;
    views.push_back(View({labels, std::move(alert), raised.alert->starts_at}, now));
    views.back().receivers.assign(receivers.begin(), receivers.end());
  }
  return views;
}

std::vector<Notifier::AlertView> Notifier::Alerts() const {
  const TimePoint now = impl_->clock.Now();
  std::vector<AlertView> views;
  {
    const MutexLock lock(impl_->mutex);
    views = impl_->ReceiverAlerts(now);
    impl_->dispatcher.ForEachAlert([&](const ReceivedAlert& alert) TOCSIN_REQUIRES(impl_->mutex) {
      if (!alert.IsResolved(now)) views.push_back(impl_->View(alert, now));
    });
  }
  std::sort(views.begin(), views.end(),
            [](const AlertView& a, const AlertView& b) { return a.fingerprint < b.fingerprint; });
  return views;
}

std::optional<Notifier::AlertView> Notifier::FindAlert(std::uint64_t fingerprint) const {
  const MutexLock lock(impl_->mutex);
  std::optional<AlertView> view;
  impl_->dispatcher.ForEachAlert([&](const ReceivedAlert& alert) TOCSIN_REQUIRES(impl_->mutex) {
    if (!view && Fingerprint(alert.labels) == fingerprint) {
      view = impl_->View(alert, impl_->clock.Now());
    }
  });
  if (view) return view;
  for (AlertView& other : impl_->ReceiverAlerts(impl_->clock.Now())) {
    if (other.fingerprint == fingerprint) return std::move(other);
  }
  return std::nullopt;
}

std::vector<Notifier::GroupView> Notifier::Groups() const {
  const TimePoint now = impl_->clock.Now();
  std::vector<GroupView> groups;
  const MutexLock lock(impl_->mutex);
  for (const Dispatcher::GroupView& group : impl_->dispatcher.Groups()) {
    GroupView view = {group.key, group.group_labels, group.route->receiver, {}};
    const std::vector<std::string> muted_by =
        MutedBy(*group.route, impl_->config->time_intervals, now);
    for (const ReceivedAlert& alert : group.alerts) {
      if (alert.IsResolved(now)) continue;
      view.alerts.push_back(impl_->View(alert, now));
      view.alerts.back().muted_by = muted_by;
    }
    if (!view.alerts.empty()) groups.push_back(std::move(view));
  }
  return groups;
}

std::vector<Silence> Notifier::AllSilences() const {
  const MutexLock lock(impl_->mutex);
  return impl_->silences.All(impl_->clock.Now());
}

std::optional<Silence> Notifier::FindSilence(std::string_view id) const {
  const MutexLock lock(impl_->mutex);
  const Silence* found = impl_->silences.Find(id);
  return found == nullptr ? std::nullopt : std::optional<Silence>(*found);
}

Result<std::string> Notifier::SetSilence(Silence silence) {
  Silences::Change change;
  {
    const MutexLock lock(impl_->mutex);
    Result<Silences::Change> made = impl_->silences.Set(std::move(silence), impl_->clock.Now());
    if (!made) return made.error();
    change = std::move(*made);
  }
  // It holds, though perhaps only until a restart: the store has said so in the log.
  (void)impl_->store.PutSilences(change.changed, {});
  return change.id;
}

Status Notifier::ExpireSilence(std::string_view id) {
  Silences::Change change;
  {
    const MutexLock lock(impl_->mutex);
    Result<Silences::Change> made = impl_->silences.Expire(id, impl_->clock.Now());
    if (!made) return made.error();
    change = std::move(*made);
  }
  (void)impl_->store.PutSilences(change.changed, {});
  return {};
}

std::shared_ptr<const NotifyConfig> Notifier::config() const {
  const MutexLock lock(impl_->mutex);
  return impl_->config;
}

Notifier::Stats Notifier::stats() const {
  Stats stats;
  stats.destinations = impl_->couriers.stats();
  const MutexLock lock(impl_->mutex);
  stats.alerts = impl_->dispatcher.alert_count();
  stats.groups = impl_->dispatcher.group_count();
  stats.quiet = impl_->quiet;
  for (const Silence& silence : impl_->silences.All(impl_->clock.Now())) {
    ++stats.silences[static_cast<std::size_t>(silence.StateAt(impl_->clock.Now()))];
  }
  return stats;
}

void Notifier::Stop(Duration patience) {
  const SteadyPoint deadline = impl_->clock.SteadyNow() + patience;
  if (!impl_->thread.joinable()) return;
  impl_->thread.request_stop();
  impl_->thread.join();
  impl_->Flush();
  impl_->couriers.Stop(impl_->clock, deadline);
}

}  // namespace tocsin::notify
