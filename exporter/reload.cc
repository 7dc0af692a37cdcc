#include "exporter/reload.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "exporter/storage.h"

namespace tocsin {
namespace {

bool Contains(const InstanceConfigs& configs, const collectors::InstanceConfig& wanted) {
  return std::any_of(configs.begin(), configs.end(), [&](const auto& config) {
    return config->kind == wanted.kind && config->name == wanted.name;
  });
}

/// What a reload cannot change: sockets that clients use, and files that collectors have open.
Status CheckUnchanged(const Config& running, const Config& wanted) {
  std::string problems;
  if (running.server.listen != wanted.server.listen) {
    problems += fmt::format("server.listen has changed to {}: restart tocsin to listen there",
                            fmt::join(wanted.server.listen, ", "));
  }
  if (running.storage.path != wanted.storage.path) {
    if (!problems.empty()) problems += '\n';
    problems +=
        fmt::format("storage.path has changed to {}: restart tocsin to keep state there",
                    wanted.storage.path.empty() ? ":memory:" : wanted.storage.path.string());
  }
  if (problems.empty()) return {};
  return Error{ErrorCode::kInvalidInput, problems};
}

}  // namespace

Reloader::Reloader(Load load, Config running, Scheduler& scheduler, SelfMetrics& own,
                   const Log& log)
    : load_(std::move(load)),
      scheduler_(scheduler),
      own_(own),
      log_(log),
      running_(std::move(running)) {}

void Reloader::Start() {
  const MutexLock lock(mutex_);
  own_.ReloadSucceeded();
  scheduler_.Replace(running_.collectors, running_.storage.path);
}

Status Reloader::Reload() {
  const MutexLock lock(mutex_);
  if (closed()) return Error{ErrorCode::kUnavailable, "tocsin is stopping"};
  Status done = TryReload();
  if (done) {
    own_.ReloadSucceeded();
    log_.Info("configuration reloaded",
              {{"collectors", std::to_string(running_.collectors.size())}});
  } else {
    own_.ReloadFailed();
    log_.Error("configuration not reloaded, the old one stays in force",
               {{"error", done.error().message}});
  }
  generation_.fetch_add(1, std::memory_order_release);
  return done;
}

Status Reloader::TryReload() {
  Result<Config> wanted = load_();
  if (!wanted) return wanted.error();
  if (Status unchanged = CheckUnchanged(running_, *wanted); !unchanged) return unchanged;
  if (Status storage = PrepareStorage(wanted->storage.path); !storage) return storage.error();
  // From here on nothing can fail.
  scheduler_.Replace(wanted->collectors, wanted->storage.path);
  for (const auto& config : running_.collectors) {
    if (!Contains(wanted->collectors, *config)) own_.Forget(*config);
  }
  running_ = std::move(*wanted);
  return {};
}

Route ReloadRoute(Reloader& reloader) {
  return {"/-/reload", {"POST"}, Waits::kMaybe, [&reloader](const HttpRequest&) {
            const Status done = reloader.Reload();
            if (done) return HttpResponse::Text(200, "configuration reloaded\n");
            const bool is_mistake =
                done.error().code != ErrorCode::kUnavailable || !reloader.closed();
            return HttpResponse::Text(is_mistake ? 400 : 503, done.error().message + "\n");
          }};
}

}  // namespace tocsin
