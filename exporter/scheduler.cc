#include "exporter/scheduler.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "collectors/registry.h"
#include "exporter/storage.h"

namespace tocsin {
namespace {

using collectors::InstanceConfig;
using collectors::InstanceView;

bool IsSafeInFileName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

/// Names the calling thread for top and debuggers; the kernel takes 15 characters.
void NameThread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace

/// One running collector: its thread and everything that the thread uses.
class Scheduler::Instance {
 public:
  Instance(std::shared_ptr<const InstanceConfig> config, const collectors::Environment& environment,
           collectors::Runner::Published published)
      : config_(std::move(config)),
        state_file_(environment.state_file),
        published_(std::move(published)),
        runner_(config_, environment, [this](const InstanceView& view) { Publish(view); }),
        ended_(ending_.get_future()) {}

  /// Shows the instance as it is before its first collection, in place of what it replaces.
  void Announce() { Publish(*runner_.View()); }

  /// Separate from construction: the first collection begins when everybody can see the instance.
  void Start() {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      NameThread("collect-" + config_->name);
      runner_.Run(stop);
      ending_.set_value();
    });
  }

  bool IsFor(const InstanceConfig& config, const std::filesystem::path& state_file) const {
    return config_->name == config.name && config_->kind == config.kind &&
           config_->fingerprint == config.fingerprint && state_file_ == state_file;
  }

  const InstanceConfig& config() const { return *config_; }
  std::shared_ptr<const InstanceView> View() const { return runner_.View(); }

  /// From the return of this on, nothing is published any more.
  void RequestStop() {
    thread_.request_stop();
    const MutexLock lock(publishing_);
    retired_ = true;
  }

  /// Whether the thread is through by `moment`; then it has been joined.
  bool JoinBy(std::chrono::steady_clock::time_point moment) {
    if (!thread_.joinable()) return true;
    if (ended_.wait_until(moment) != std::future_status::ready) return false;
    thread_.join();
    return true;
  }

 private:
  void Publish(const InstanceView& view) {
    // Held through the call, so that RequestStop() can promise that the last one has returned.
    const MutexLock lock(publishing_);
    if (!retired_) published_(view);
  }

  const std::shared_ptr<const InstanceConfig> config_;
  const std::filesystem::path state_file_;
  const collectors::Runner::Published published_;
  Mutex publishing_;
  bool retired_ TOCSIN_GUARDED_BY(publishing_) = false;
  collectors::Runner runner_;
  std::promise<void> ending_;
  std::future<void> ended_;
  std::jthread thread_;
};

Scheduler::Scheduler(const Clock& clock, const Log& log, collectors::Runner::Published published)
    : Scheduler(clock, log, std::move(published), Patience{}) {}

Scheduler::Scheduler(const Clock& clock, const Log& log, collectors::Runner::Published published,
                     Patience patience)
    : clock_(clock), log_(log), published_(std::move(published)), patience_(patience) {}

Scheduler::~Scheduler() {
  if (Stop()) return;
  // Kept for ever, and never destroyed at exit: a thread still runs in each of them.
  static Instances& abandoned = *std::make_unique<Instances>().release();
  static Mutex mutex;
  const MutexLock replacing(replacing_);
  const MutexLock lock(mutex);
  abandoned.insert(abandoned.end(), ending_.begin(), ending_.end());
}

std::shared_ptr<Scheduler::Instance> Scheduler::Make(
    const std::shared_ptr<const InstanceConfig>& config, const std::filesystem::path& state_file) {
  const collectors::Environment environment{clock_, log_, state_file};
  return std::make_shared<Instance>(config, environment, [this](const InstanceView& view) {
    generation_.fetch_add(1, std::memory_order_release);
    published_(view);
  });
}

void Scheduler::Replace(const InstanceConfigs& configs, const std::filesystem::path& storage) {
  const MutexLock replacing(replacing_);
  Instances ending = Running();
  Instances next;
  Instances starting;
  for (const auto& config : configs) {
    const std::filesystem::path state_file =
        storage.empty() ? std::filesystem::path() : StateFile(storage, config->name);
    const auto same = std::find_if(ending.begin(), ending.end(), [&](const auto& instance) {
      return instance->IsFor(*config, state_file);
    });
    if (same != ending.end()) {
      next.push_back(*same);
      ending.erase(same);
    } else {
      starting.push_back(Make(config, state_file));
      next.push_back(starting.back());
    }
  }
  for (const auto& instance : next) {
    const bool is_new = std::ranges::find(starting, instance) != starting.end();
    log_.Debug(is_new ? "collector starts" : "collector goes on: its options are the same",
               {{"name", instance->config().name}});
  }
  for (const auto& instance : ending) {
    log_.Debug("collector ends: it is gone, or its options have changed",
               {{"name", instance->config().name}});
  }
  // Stopped before their successors start, so that a source has no second connection meanwhile.
  End(ending, std::chrono::steady_clock::now() + patience_.at_reload);
  for (const auto& instance : starting) instance->Announce();
  SetRunning(std::move(next));
  for (const auto& instance : starting) {
    try {
      instance->Start();
    } catch (const std::system_error& error) {
      log_.Error("cannot start a collector's thread",
                 {{"name", instance->config().name}, {"error", error.what()}});
    }
  }
}

bool Scheduler::Stop() {
  return Stop(std::chrono::steady_clock::now() + patience_.at_stop);
}

bool Scheduler::Stop(std::chrono::steady_clock::time_point deadline) {
  const MutexLock replacing(replacing_);
  const Instances ending = Running();
  SetRunning({});
  return End(ending, deadline);
}

bool Scheduler::End(const Instances& ending, std::chrono::steady_clock::time_point until) {
  for (const auto& instance : ending) instance->RequestStop();
  // Those left behind earlier get another chance, too.
  ending_.insert(ending_.end(), ending.begin(), ending.end());
  const auto hanging = std::partition(ending_.begin(), ending_.end(), [&](const auto& instance) {
    return instance->JoinBy(until);
  });
  ending_.erase(ending_.begin(), hanging);
  for (const auto& instance : ending) {
    if (std::find(ending_.begin(), ending_.end(), instance) == ending_.end()) continue;
    log_.Warn("collector hangs and is left behind", {{"name", instance->config().name}});
  }
  return ending_.empty();
}

Scheduler::Instances Scheduler::Running() const {
  const MutexLock lock(mutex_);
  return running_;
}

void Scheduler::SetRunning(Instances instances) {
  {
    const MutexLock lock(mutex_);
    running_.swap(instances);
  }
  generation_.fetch_add(1, std::memory_order_release);
}

InstanceViews Scheduler::Views() const {
  InstanceViews views;
  const MutexLock lock(mutex_);
  views.reserve(running_.size());
  for (const auto& instance : running_) views.push_back(instance->View());
  return views;
}

bool Scheduler::AllAttempted() const {
  const InstanceViews views = Views();
  return std::all_of(views.begin(), views.end(),
                     [](const auto& view) { return view->last_attempt.has_value(); });
}

std::filesystem::path StateFile(const std::filesystem::path& storage,
                                std::string_view instance_name) {
  std::string file;
  for (const char c : instance_name) {
    if (IsSafeInFileName(c)) {
      file += c;
    } else {
      file += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return StateFolder(storage) / (file + ".json");
}

}  // namespace tocsin
