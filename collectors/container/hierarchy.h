// Where the control groups of this system are: version 1, version 2, or both.

#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace tocsin::collectors::container {

enum class CgroupVersion { kV1, kV2 };

/// The tree of groups in which one controller is.
struct Hierarchy {
  CgroupVersion version = CgroupVersion::kV2;
  std::shared_ptr<const FileDescriptor> root = {};  ///< Null if the controller is nowhere.

  explicit operator bool() const { return root != nullptr; }
};

/// Where each controller is. With version 2 they are all in one tree; with version 1 each has its
/// own, or shares one; in between some can be in either.
struct Hierarchies {
  Hierarchy memory = {};
  Hierarchy cpu = {};
  Hierarchy cpuacct = {};  ///< With version 2 the same as `cpu`.
  Hierarchy pids = {};

  /// That whose groups are listed: the first that there is.
  const Hierarchy& listed() const;
};

/// Looks below `root`, usually /sys/fs/cgroup. Fails with kNotFound if there is no controller that
/// we read, or as KeptFile does. Source: cgroups(7).
Result<Hierarchies> FindHierarchies(const std::filesystem::path& root);

}  // namespace tocsin::collectors::container
