#include "exporter/demo/demo.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "exporter/demo/dagster_files.h"
#include "exporter/demo/installation.h"

namespace tocsin {
namespace {

constexpr Duration kStep = std::chrono::seconds(1);

std::filesystem::path LockFile(const std::filesystem::path& folder) {
  return folder / "demo.lock";
}
std::filesystem::path RevivalFile(const std::filesystem::path& folder) {
  return folder / "demo.revive";
}

Error SystemError(std::string_view attempt, const std::filesystem::path& path, int number) {
  return {
      number == EACCES || number == EPERM ? ErrorCode::kDenied : ErrorCode::kUnavailable,
      fmt::format("{} {}: {}", attempt, path.string(), std::generic_category().message(number))};
}

/// Held by the demo that plays in a folder. The kernel releases it with the process, however that
/// ends.
class FolderLock {
 public:
  /// Fails with kInvalidInput if someone holds it, kNotFound if there is no such folder.
  static Result<FolderLock> Take(const std::filesystem::path& folder) {
    const std::filesystem::path file = LockFile(folder);
    const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) {
      if (errno == ENOENT) return Error{ErrorCode::kNotFound, "no folder " + folder.string()};
      return SystemError("cannot open", file, errno);
    }
    FolderLock lock(descriptor);
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) return SystemError("cannot lock", file, errno);
    return Error{ErrorCode::kInvalidInput,
                 fmt::format("another demo is already running in {}: stop it, or start this one in "
                             "another folder",
                             folder.string())};
  }

  FolderLock(FolderLock&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, std::nullopt)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock() {
    if (descriptor_) close(*descriptor_);
  }

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}

  std::optional<int> descriptor_;
};

Status MakeFolder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) return SystemError("cannot make", folder, failure.value());
  return {};
}

/// Whether somebody asked for a revival since the last call.
bool TakeRevival(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::remove(RevivalFile(folder), ignored);
}

Result<demo::Installation> OpenInstallation(const DemoOptions& options, TimePoint now) {
  Result<demo::DagsterFiles> files = demo::DagsterFiles::Open(options.folder);
  if (!files) return files.error();
  return demo::Installation::Open(std::move(*files), options.seed, now);
}

}  // namespace

Status RunDemo(const DemoOptions& options, const Clock& clock, const Log& log,
               const std::stop_token& stop) {
  if (Status made = MakeFolder(options.folder); !made) return made;
  const Result<FolderLock> lock = FolderLock::Take(options.folder);
  if (!lock) return lock.error();
  TakeRevival(options.folder);  // It was meant for an earlier demo.
  Result<demo::Installation> installation = OpenInstallation(options, clock.Now());
  if (!installation) return installation.error().Within("demo");
  log.Info("demo plays a Dagster whose sensor daemon has died",
           {{"folder", options.folder.string()}});
  if (options.started) options.started();

  SteadyPoint next = clock.SteadyNow() + kStep;
  while (clock.WaitUntil(next, stop)) {
    next = clock.SteadyNow() + kStep;
    if (TakeRevival(options.folder)) {
      installation->Revive();
      log.Info("demo revives the sensor daemon");
    }
    if (Status advanced = installation->Advance(clock.Now()); !advanced) {
      return advanced.error().Within("demo");
    }
  }
  return {};
}

bool IsDemoRunning(const std::filesystem::path& folder) {
  const Result<FolderLock> lock = FolderLock::Take(folder);
  return !lock && lock.error().code == ErrorCode::kInvalidInput;
}

Status ReviveDemo(const std::filesystem::path& folder) {
  if (!IsDemoRunning(folder)) {
    return Error{ErrorCode::kNotFound, fmt::format("no demo is running in {}", folder.string())};
  }
  return ReplaceFile(RevivalFile(folder), "");
}

}  // namespace tocsin
