#include "rules/manager.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "base/alarm.h"
#include "base/moment.h"
#include "base/mutex.h"
#include "base/number.h"
#include "rules/kept_group.h"
#include "rules/restart.h"
#include "rules/task_threads.h"
#include "rules/timetable.h"

namespace tocsin {
namespace {

/// Two jumps of the wall clock that differ by less are one, noticed by another group.
constexpr Duration kSameJump = std::chrono::milliseconds(100);

/// For how long a group that was removed may come back, in intervals.
constexpr int kIntervalsUntilEnd = 2;

/// A group in its place, over all changes of what it says. All of it belongs to the manager's lock,
/// but while `is_running` the group that `current` points to belongs to the task that runs it.
struct Job {
  std::shared_ptr<KeptGroup> current;
  std::shared_ptr<KeptGroup> next;  ///< Takes over when the running evaluation has ended.
  Timetable times;
  SteadyPoint ends_at;  ///< Of a group that was removed.
  bool is_running = false;
  bool is_over = false;  ///< It is being ended: past coming back.
};
using Jobs = std::vector<std::shared_ptr<Job>>;

Duration IntervalOf(const KeptGroup& group) {
  return group.group().settings().interval;
}

Timetable TimesOf(const KeptGroup& group, const Moment& now) {
  const RuleGroup& definition = group.group().definition().group;
  return Timetable(definition.file, definition.name, IntervalOf(group), now);
}

Group::Settings SettingsOf(const RuleGroup& group, const RuleManager::Settings& settings) {
  return {.interval = group.interval.value_or(settings.default_interval),
          .query_offset = group.query_offset.value_or(settings.query_offset),
          .restored = true};
}

/// A job as Replace() has found it, and what it makes of it.
struct Plan {
  std::shared_ptr<Job> job;           ///< Null: there is no such group yet.
  std::shared_ptr<KeptGroup> latest;  ///< Of the job, what was asked for last.
  bool is_ending = false;
  std::shared_ptr<KeptGroup> group;  ///< Takes over, or is new. Null: the job goes on as it is.
};

Plan FindFor(const RuleGroup& group, const std::vector<Plan>& there) {
  const auto found = std::find_if(there.begin(), there.end(), [&](const Plan& plan) {
    const RuleGroup& other = plan.latest->group().definition().group;
    return other.file == group.file && other.name == group.name;
  });
  return found != there.end() ? *found : Plan();
}

bool Remove(Jobs& jobs, const std::shared_ptr<Job>& job) {
  const auto found = std::find(jobs.begin(), jobs.end(), job);
  if (found == jobs.end()) return false;
  jobs.erase(found);
  return true;
}

}  // namespace

class RuleManager::Impl {
 public:
  Impl(AlertStore* state, const Clock& clock, const Log& log);
  ~Impl() { Stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Replace(std::vector<EffectiveGroup> groups, const Settings& settings);
  void Stop();
  std::vector<std::shared_ptr<KeptGroup>> Groups() const;
  std::uint64_t evaluations() const { return evaluations_.load(std::memory_order_acquire); }

 private:
  std::vector<Plan> There() const;
  std::shared_ptr<KeptGroup> Make(EffectiveGroup definition, const Settings& settings, bool is_new,
                                  const Moment& now) TOCSIN_REQUIRES(replacing_);
  void Carry(const std::vector<Plan>& plans, const Moment& now);
  std::shared_ptr<Job> Carry(const Plan& plan, const Moment& now) TOCSIN_REQUIRES(mutex_);
  static void Change(Job& job, const Moment& now);

  void Schedule();
  std::optional<SteadyPoint> StartDue();
  void StartTurn(const std::shared_ptr<Job>& job, const Moment& now) TOCSIN_REQUIRES(mutex_);
  void StartEnd(const std::shared_ptr<Job>& job, const Moment& now) TOCSIN_REQUIRES(mutex_);
  void Finish(Job& job);
  void LogJump(const Moment& now, Duration jumped) TOCSIN_REQUIRES(mutex_);

  AlertStore* const state_;
  const Clock& clock_;
  const Log& log_;

  Mutex replacing_;  ///< Held through Replace() and Stop(); before mutex_.
  bool is_started_ TOCSIN_GUARDED_BY(replacing_) = false;

  std::atomic<std::uint64_t> evaluations_ = 0;

  mutable Mutex mutex_;
  std::function<bool()> may_evaluate_ TOCSIN_GUARDED_BY(mutex_);
  Jobs jobs_ TOCSIN_GUARDED_BY(mutex_);    ///< In the order of Replace().
  Jobs ending_ TOCSIN_GUARDED_BY(mutex_);  ///< Removed, and not ended yet.
  bool stopping_ TOCSIN_GUARDED_BY(mutex_) = false;
  std::optional<Duration> logged_jump_ TOCSIN_GUARDED_BY(mutex_);  ///< Wall less steady clock.

  Alarm alarm_;  ///< Of the scheduling thread: something is due at another moment.
  std::optional<TaskThreads> tasks_;
  std::jthread scheduling_;
};

RuleManager::Impl::Impl(AlertStore* state, const Clock& clock, const Log& log)
    : state_(state), clock_(clock), log_(log), alarm_(clock), tasks_(std::in_place, "rule-group") {
  scheduling_ = std::jthread([this] { Schedule(); });
}

void RuleManager::Impl::Replace(std::vector<EffectiveGroup> groups, const Settings& settings) {
  const MutexLock replacing(replacing_);
  const Moment now = MomentOf(clock_);
  const std::vector<Plan> there = There();
  std::vector<Plan> plans;
  // New groups are made before anything changes and without the lock: it takes its time to prepare
  // their queries.
  for (EffectiveGroup& group : groups) {
    Plan plan = FindFor(group.group, there);
    const bool goes_on =
        plan.job && !plan.is_ending &&
        plan.latest->IsSameAs(group, SettingsOf(group.group, settings), settings.environment);
    if (!goes_on) plan.group = Make(std::move(group), settings, plan.job == nullptr, now);
    plans.push_back(std::move(plan));
  }
  {
    const MutexLock lock(mutex_);
    may_evaluate_ = settings.may_evaluate;
  }
  Carry(plans, now);
  if (!is_started_ && state_ != nullptr) {
    EndRemovedRules(*state_, settings.environment.sink, now.wall);
  }
  is_started_ = true;
  alarm_.Ring();
}

std::vector<Plan> RuleManager::Impl::There() const {
  std::vector<Plan> there;
  const MutexLock lock(mutex_);
  for (const Jobs* const jobs : {&jobs_, &ending_}) {
    for (const std::shared_ptr<Job>& job : *jobs) {
      there.push_back({.job = job,
                       .latest = job->next ? job->next : job->current,
                       .is_ending = jobs == &ending_,
                       .group = nullptr});
    }
  }
  return there;
}

std::shared_ptr<KeptGroup> RuleManager::Impl::Make(EffectiveGroup definition,
                                                   const Settings& settings, bool is_new,
                                                   const Moment& now) {
  const RuleGroup& group = definition.group;
  KeptGroup::Settings kept;
  kept.group = SettingsOf(group, settings);
  kept.outage_tolerance = settings.outage_tolerance;
  kept.grace_period = settings.grace_period;
  kept.restores_from_series = is_new && !is_started_;
  if (is_new) {
    kept.first_slot = Timetable(group.file, group.name, kept.group.interval, now).next_slot();
  }
  return std::make_shared<KeptGroup>(std::move(definition), kept, settings.environment, state_,
                                     clock_);
}

void RuleManager::Impl::Carry(const std::vector<Plan>& plans, const Moment& now) {
  const MutexLock lock(mutex_);
  Jobs next;
  for (const Plan& plan : plans) {
    next.push_back(Carry(plan, now));
    Remove(jobs_, next.back());
  }
  for (const std::shared_ptr<Job>& job : jobs_) {
    job->ends_at = now.steady + kIntervalsUntilEnd * IntervalOf(*job->current);
    ending_.push_back(job);
  }
  jobs_ = std::move(next);
}

std::shared_ptr<Job> RuleManager::Impl::Carry(const Plan& plan, const Moment& now) {
  const bool comes_back = plan.is_ending && !plan.job->is_over && Remove(ending_, plan.job);
  if (!plan.job || (plan.is_ending && !comes_back)) {
    return std::make_shared<Job>(Job{.current = plan.group,
                                     .next = nullptr,
                                     .times = TimesOf(*plan.group, now),
                                     .ends_at = {},
                                     .is_running = false,
                                     .is_over = false});
  }
  if (plan.group) plan.job->next = plan.group;
  if (!plan.job->is_running) Change(*plan.job, now);
  if (comes_back) plan.job->times = TimesOf(*plan.job->current, now);
  return plan.job;
}

/// Lets the next group take over, if there is one.
void RuleManager::Impl::Change(Job& job, const Moment& now) {
  if (!job.next) return;
  job.next->TakeOver(*job.current);
  const bool is_same_interval = IntervalOf(*job.next) == IntervalOf(*job.current);
  job.current = std::exchange(job.next, nullptr);
  if (!is_same_interval) job.times = TimesOf(*job.current, now);
}

void RuleManager::Impl::Stop() {
  const MutexLock replacing(replacing_);
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  alarm_.Ring();
  if (scheduling_.joinable()) scheduling_.join();
  tasks_.reset();  // Waits for what runs.
}

void RuleManager::Impl::Schedule() {
  pthread_setname_np(pthread_self(), "rules");
  while (const std::optional<SteadyPoint> next = StartDue()) alarm_.WaitUntil(*next);
}

/// Starts what is due, and says when to look again; nothing when there is nothing more to do.
std::optional<SteadyPoint> RuleManager::Impl::StartDue() {
  const Moment now = MomentOf(clock_);
  SteadyPoint next = SteadyPoint::max();
  const MutexLock lock(mutex_);
  if (stopping_) return std::nullopt;
  for (const std::shared_ptr<Job>& job : jobs_) {
    if (!job->is_running && job->times.due() <= now.steady) StartTurn(job, now);
    if (!job->is_running) next = std::min(next, job->times.due());
  }
  for (const std::shared_ptr<Job>& job : ending_) {
    if (job->is_running) continue;
    if (job->ends_at <= now.steady) {
      StartEnd(job, now);
    } else {
      next = std::min(next, job->ends_at);
    }
  }
  return next;
}

void RuleManager::Impl::StartTurn(const std::shared_ptr<Job>& job, const Moment& now) {
  const Timetable::Turn turn = job->times.Next(now);
  if (turn.missed != 0) job->current->CountMissed(turn.missed);
  if (turn.jumped > Duration(0)) job->current->ShiftTimers(turn.jumped);
  if (!turn.slot) {
    LogJump(now, turn.jumped);
    return;
  }
  if (may_evaluate_ && !may_evaluate_()) return;
  job->is_running = true;
  tasks_->Run([this, job, slot = *turn.slot] {
    job->current->Evaluate(slot);
    evaluations_.fetch_add(1, std::memory_order_release);
    Finish(*job);
  });
}

void RuleManager::Impl::StartEnd(const std::shared_ptr<Job>& job, const Moment& now) {
  job->is_running = true;
  job->is_over = true;
  tasks_->Run([this, job, at = now.wall.time_since_epoch().count()] {
    job->current->End(at);
    const MutexLock lock(mutex_);
    Remove(ending_, job);
  });
}

void RuleManager::Impl::Finish(Job& job) {
  {
    const MutexLock lock(mutex_);
    job.is_running = false;
    Change(job, MomentOf(clock_));
  }
  alarm_.Ring();
}

void RuleManager::Impl::LogJump(const Moment& now, Duration jumped) {
  const Duration apart = now.wall.time_since_epoch() - now.steady.time_since_epoch();
  if (logged_jump_ && std::chrono::abs(apart - *logged_jump_) < kSameJump) return;
  logged_jump_ = apart;
  log_.Warn("the wall clock has jumped: rule groups leave out an evaluation",
            {{"seconds", FormatNumber(std::chrono::duration<double>(jumped).count())}});
}

std::vector<std::shared_ptr<KeptGroup>> RuleManager::Impl::Groups() const {
  std::vector<std::shared_ptr<KeptGroup>> groups;
  const MutexLock lock(mutex_);
  groups.reserve(jobs_.size());
  for (const std::shared_ptr<Job>& job : jobs_) groups.push_back(job->current);
  return groups;
}

RuleManager::RuleManager(AlertStore* state, const Clock& clock, const Log& log)
    : impl_(std::make_unique<Impl>(state, clock, log)) {}
RuleManager::~RuleManager() = default;

void RuleManager::Replace(std::vector<EffectiveGroup> groups, const Settings& settings) {
  impl_->Replace(std::move(groups), settings);
}

void RuleManager::Stop() {
  impl_->Stop();
}

std::vector<GroupView> RuleManager::Views(bool with_alerts) const {
  std::vector<GroupView> views;
  for (const auto& group : impl_->Groups()) views.push_back(group->group().View(with_alerts));
  return views;
}

std::uint64_t RuleManager::evaluations() const {
  return impl_->evaluations();
}

std::vector<std::shared_ptr<const Group>> RuleManager::Groups() const {
  std::vector<std::shared_ptr<const Group>> groups;
  for (const auto& kept : impl_->Groups()) groups.emplace_back(kept, &kept->group());
  return groups;
}

}  // namespace tocsin
