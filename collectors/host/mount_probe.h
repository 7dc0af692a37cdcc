// How full file systems are, asked so that none can hold us up.

#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/background_call.h"
#include "collectors/collector.h"

namespace tocsin::collectors::host {

/// How full a file system is, in bytes and in files.
struct MountUsage {
  double size = 0;
  double free = 0;
  double available = 0;  ///< To users other than root.
  double files = 0;      ///< How many can exist; 0 if there is no such limit.
  double files_free = 0;
};

/// Asks the kernel, which may wait for a server or a disk, and then nothing makes it return. Fails
/// with kNotFound, kDenied or kUnavailable. Source: statvfs(3).
Result<MountUsage> AskKernel(const std::string& path);

/// A file system that is to be asked.
struct MountPlace {
  std::string path;
  bool is_network = false;  ///< Whether it may be elsewhere, see IsNetworkFileSystem().
};

/// Asks file systems one after the other, on a thread of its own, which is given up when one of
/// them does not answer; the others are then asked on another. One that did not answer is left
/// alone until it does, and fails at once meanwhile. Those of the network are asked last and are
/// counted apart, so that a dead server costs no local disk anything. One thread at a time.
class MountProbe {
 public:
  /// Must be safe for concurrent use, and may outlive the probe.
  using Ask = std::function<Result<MountUsage>(const std::string& path)>;

  /// So many may hang at the same time of the local ones, and so many of the network's; while they
  /// do, no others of these are asked.
  static constexpr std::size_t kMostHanging = 8;

  /// One that does not answer within `patience` is given up.
  explicit MountProbe(Duration patience, Ask ask = AskKernel);

  /// An answer for each place, in order; kTimeout for those that did not give any, or whose turn
  /// did not come.
  std::vector<Result<MountUsage>> Read(std::span<const MountPlace> places, const Attempt& attempt);

 private:
  struct Walk;
  /// A walk under way, and the end of its thread.
  struct Running {
    std::shared_ptr<Walk> walk;
    BackgroundCall<bool> call;
  };

  /// By the path that does not answer.
  using Hanging = std::map<std::string, BackgroundCall<bool>>;

  void ReadSome(std::span<const MountPlace> places, std::vector<std::size_t> left, Hanging& hanging,
                const Attempt& attempt, std::vector<Result<MountUsage>>& answers) const;
  Result<Running> Start(std::vector<std::string> paths) const;
  bool AwaitProgress(const Running& running, std::size_t done, const Attempt& attempt) const;

  const Duration patience_;
  const Ask ask_;
  Hanging hanging_local_;
  Hanging hanging_network_;
};

}  // namespace tocsin::collectors::host
