// /proc/PID/mountinfo: what is mounted where.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::collectors {

struct Mount {
  std::string device;         ///< What is mounted: "/dev/sda1", "tmpfs", "server:/export".
  std::string point;          ///< Where; its spaces are spaces.
  std::string root;           ///< Which folder of the file system is seen there.
  std::string fs_type;        ///< "ext4", "fuse.sshfs".
  std::string super_options;  ///< Those of the file system: "rw,cpu,cpuacct".
  bool read_only = false;     ///< The file system, or this view of it.
};

/// Whether `option` is one of `options`, which commas separate.
bool HasMountOption(std::string_view options, std::string_view option);

/// Whether such a file system can be elsewhere, so that looking at it may take for ever. FUSE is
/// taken for that: nobody can tell what its server does.
bool IsNetworkFileSystem(std::string_view fs_type);

/// Parses the text of a mountinfo file, in its order. Fails with kCorrupt if a line makes no sense.
/// Source: proc(5).
Result<std::vector<Mount>> ParseMountinfo(std::string_view text);

}  // namespace tocsin::collectors
