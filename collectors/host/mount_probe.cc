#include "collectors/host/mount_probe.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::host {
namespace {

Error NoAnswer() {
  return {ErrorCode::kTimeout, "the file system does not answer"};
}

SteadyPoint Now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

}  // namespace

Result<MountUsage> AskKernel(const std::string& path) {
  struct statvfs status = {};
  if (statvfs(path.c_str(), &status) != 0) return FileError(path, errno);
  const auto block = static_cast<double>(status.f_frsize);
  return MountUsage{.size = static_cast<double>(status.f_blocks) * block,
                    .free = static_cast<double>(status.f_bfree) * block,
                    .available = static_cast<double>(status.f_bavail) * block,
                    .files = static_cast<double>(status.f_files),
                    .files_free = static_cast<double>(status.f_ffree)};
}

/// What a thread works through. It writes the answers before `done`, and nobody reads those from
/// there on.
struct MountProbe::Walk {
  std::vector<std::string> paths;
  std::vector<Result<MountUsage>> answers;
  std::atomic<std::size_t> done = 0;
  std::atomic<bool> abandoned = false;
};

MountProbe::MountProbe(Duration patience, Ask ask) : patience_(patience), ask_(std::move(ask)) {}

Result<MountProbe::Running> MountProbe::Start(std::vector<std::string> paths) const {
  auto walk = std::make_shared<Walk>();
  walk->answers.resize(paths.size(), NoAnswer());
  walk->paths = std::move(paths);
  Result<BackgroundCall<bool>> call = BackgroundCall<bool>::Start([walk, ask = ask_] {
    for (std::size_t i = 0; i < walk->paths.size() && !walk->abandoned; ++i) {
      walk->answers[i] = ask(walk->paths[i]);
      walk->done = i + 1;
    }
    return true;
  });
  if (!call) return call.error();
  return Running{std::move(walk), std::move(*call)};
}

/// Waits until the walk is at its end, or has got further than `done`; false if it has not.
bool MountProbe::AwaitProgress(const Running& running, std::size_t done,
                               const Attempt& attempt) const {
  const SteadyPoint until = std::min(attempt.deadline, Now() + patience_);
  running.call.Wait({until, attempt.stop});
  return running.walk->done > done;
}

std::vector<Result<MountUsage>> MountProbe::Read(std::span<const MountPlace> places,
                                                 const Attempt& attempt) {
  std::vector<Result<MountUsage>> answers(places.size(), NoAnswer());
  for (const bool of_network : {false, true}) {
    Hanging& hanging = of_network ? hanging_network_ : hanging_local_;
    std::erase_if(hanging, [](const auto& call) { return call.second.IsFinished(); });
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const MountPlace& place = places[i];
      if (place.is_network == of_network && !hanging.contains(place.path)) left.push_back(i);
    }
    ReadSome(places, std::move(left), hanging, attempt, answers);
  }
  return answers;
}

/// Asks those of `places` whose numbers are in `left`.
void MountProbe::ReadSome(std::span<const MountPlace> places, std::vector<std::size_t> left,
                          Hanging& hanging, const Attempt& attempt,
                          std::vector<Result<MountUsage>>& answers) const {
  while (!left.empty() && hanging.size() < kMostHanging && !IsOver(attempt)) {
    std::vector<std::string> asked;
    asked.reserve(left.size());
    for (const std::size_t i : left) asked.push_back(places[i].path);
    const Result<Running> running = Start(std::move(asked));
    if (!running) {
      for (const std::size_t i : left) answers[i] = running.error();
      return;
    }
    std::size_t done = 0;
    while (done < left.size() && AwaitProgress(*running, done, attempt)) {
      done = running->walk->done;
    }
    running->walk->abandoned = true;
    for (std::size_t i = 0; i < done; ++i) answers[left[i]] = running->walk->answers[i];
    if (done == left.size()) break;
    hanging.emplace(places[left[done]].path, running->call);
    left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(done) + 1);
  }
}

}  // namespace tocsin::collectors::host
