#include "exporter/reload.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "exporter/log_mistakes.h"
#include "exporter/storage.h"

namespace tocsin {
namespace {

bool Contains(const InstanceConfigs& configs, const collectors::InstanceConfig& wanted) {
  return std::any_of(configs.begin(), configs.end(), [&](const auto& config) {
    return config->kind == wanted.kind && config->name == wanted.name;
  });
}

std::string PathText(const Config& config) {
  return config.storage.path.empty() ? ":memory:" : config.storage.path.string();
}

/// A key that a reload cannot change, and its value as text.
struct FixedKey {
  std::string_view key;
  std::string (*value)(const Config& config);
  std::string_view what_to_do;
};

constexpr FixedKey kFixedKeys[] = {
    {"server.listen",
     [](const Config& config) { return fmt::format("{}", fmt::join(config.server.listen, ", ")); },
     "restart tocsin to listen there"},
    {"server.external_url", [](const Config& config) { return config.server.external_url; },
     "restart tocsin to use it"},
    {"storage.path", &PathText, "restart tocsin to keep state there"},
    {"storage.max_series",
     [](const Config& config) { return std::to_string(config.storage.max_series); },
     "restart tocsin to use it"},
    {"storage.max_bytes",
     [](const Config& config) { return std::to_string(config.storage.max_bytes); },
     "restart tocsin to use it"},
    {"promql.max_concurrency",
     [](const Config& config) { return std::to_string(config.promql.max_concurrency); },
     "restart tocsin to use it"},
    {"global.job", [](const Config& config) { return config.global.job; },
     "restart tocsin to use it"},
    {"global.instance", [](const Config& config) { return config.global.instance; },
     "restart tocsin to use it"},
};

/// What a reload cannot change: sockets that clients use, files that collectors have open, and what
/// every stored series carries.
Status CheckUnchanged(const Config& running, const Config& wanted) {
  std::string problems;
  for (const FixedKey& fixed : kFixedKeys) {
    const std::string value = fixed.value(wanted);
    if (value == fixed.value(running)) continue;
    if (!problems.empty()) problems += '\n';
    problems += fmt::format("{} has changed to {}: {}", fixed.key, value, fixed.what_to_do);
  }
  if (problems.empty()) return {};
  return Error{ErrorCode::kInvalidInput, problems};
}

}  // namespace

std::vector<std::string_view> FixedKeys() {
  std::vector<std::string_view> keys;
  for (const FixedKey& fixed : kFixedKeys) keys.push_back(fixed.key);
  return keys;
}

Reloader::Reloader(Hooks hooks, Config running, Scheduler& scheduler, SelfMetrics& own,
                   const Clock& clock, const Log& log)
    : hooks_(std::move(hooks)),
      scheduler_(scheduler),
      own_(own),
      clock_(clock),
      log_(log),
      running_(std::move(running)) {}

void Reloader::Start() {
  const MutexLock lock(mutex_);
  hooks_.apply(running_);
  NoteSuccess();
  scheduler_.Replace(running_.collectors, running_.storage.path);
  started_.store(true, std::memory_order_release);
}

Status Reloader::Reload() {
  const MutexLock lock(mutex_);
  if (closed()) return Error{ErrorCode::kUnavailable, "tocsin is stopping"};
  if (!serving()) return Error{ErrorCode::kUnavailable, "tocsin is starting"};
  Status done = TryReload();
  if (done) {
    NoteSuccess();
    log_.Info("configuration reloaded",
              {{"collectors", std::to_string(running_.collectors.size())}});
  } else {
    NoteFailure();
    LogMistakes(log_, "configuration not reloaded, the old one stays in force", done.error());
  }
  generation_.fetch_add(1, std::memory_order_release);
  return done;
}

Status Reloader::TryReload() {
  Result<Config> wanted = hooks_.load();
  if (!wanted) return wanted.error();
  if (Status unchanged = CheckUnchanged(running_, *wanted); !unchanged) return unchanged;
  if (Status storage = PrepareStorage(wanted->storage.path); !storage) return storage.error();
  // From here on nothing can fail.
  hooks_.apply(*wanted);
  scheduler_.Replace(wanted->collectors, wanted->storage.path);
  for (const auto& config : running_.collectors) {
    if (Contains(wanted->collectors, *config)) continue;
    own_.Forget(*config);
    hooks_.removed(*config);
  }
  running_ = std::move(*wanted);
  return {};
}

void Reloader::NoteSuccess() {
  own_.ReloadSucceeded();
  const MutexLock lock(shown_mutex_);
  shown_text_ = running_.text;
  last_ = {true, clock_.Now()};
}

void Reloader::NoteFailure() {
  own_.ReloadFailed();
  const MutexLock lock(shown_mutex_);
  last_.successful = false;
}

std::string Reloader::ConfigText() const {
  const MutexLock lock(shown_mutex_);
  return shown_text_;
}

Reloader::Last Reloader::last() const {
  const MutexLock lock(shown_mutex_);
  return last_;
}

Route ReloadRoute(Reloader& reloader) {
  return {"/-/reload", {"POST"}, Waits::kMaybe, [&reloader](const HttpRequest&) {
            const Status done = reloader.Reload();
            if (done) return HttpResponse::Text(200, "configuration reloaded\n");
            const bool is_mistake =
                done.error().code != ErrorCode::kUnavailable || reloader.serving();
            return HttpResponse::Text(is_mistake ? 400 : 503, done.error().message + "\n");
          }};
}

}  // namespace tocsin
