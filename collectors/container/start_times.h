// When containers were started.

#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::container {

/// The start time in /proc/PID/stat, in ticks since the system was started; nothing if the text
/// makes no sense. Source: proc(5).
std::optional<double> ParseStartTicks(std::string_view text);

/// Works out a group's start time from its processes, once: the kernel keeps none, and the time of
/// its folder changes when the kernel forgets and finds it again. One thread at a time.
class StartTimes {
 public:
  explicit StartTimes(const std::filesystem::path& procfs)
      : procfs_(procfs), stat_(procfs / "stat") {}

  /// The Unix time at which the oldest of `processes`, the text of cgroup.procs, was started; the
  /// same as ever if the group, whose folder is `inode`, was asked for before. Nothing if that
  /// cannot be known, such as in another process namespace.
  std::optional<double> Of(const std::string& path, ino_t inode, std::string_view processes);

  /// Forgets whoever was not asked for since the last call. To be called after each round.
  void EndRound();

 private:
  struct Known {
    ino_t inode = 0;
    double time = 0;
    bool asked = true;
  };

  std::optional<double> OldestTicks(std::string_view processes);
  std::optional<double> BootTime();

  const std::filesystem::path procfs_;
  KeptFile stat_;
  std::string text_;
  std::map<std::string, Known> known_;
};

}  // namespace tocsin::collectors::container
