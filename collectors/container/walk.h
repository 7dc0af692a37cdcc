// Which control groups there are, and which of them are containers.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/container/group_path.h"
#include "collectors/container/hierarchy.h"
#include "collectors/proc/name_filter.h"

namespace tocsin::collectors::container {

/// A group to be shown.
struct Group {
  std::string path;                      ///< From the root of the hierarchy: "/docker/4bd1...".
  std::optional<PathIdentity> identity;  ///< Not set if it is no container.
  /// It, and those below it that are no containers themselves: where its processes are.
  std::vector<std::string> with_inner;
};

/// Which groups are to be shown.
struct GroupSelection {
  std::optional<NameFilter> others = {};  ///< Which groups beside containers; none if not set.
  NameFilter all = {};                    ///< Which groups at all.
  std::size_t most = 1000;
};

/// What Walk() found.
struct WalkedGroups {
  std::vector<Group> groups;  ///< Sorted by path, part by part.
  bool truncated = false;     ///< There are more than `most`.
};

/// The most groups that are looked at, and the deepest.
inline constexpr std::size_t kMostWalked = 50'000;
inline constexpr std::size_t kDeepest = 32;

/// Looks at the whole tree of `hierarchy`. Groups that go away meanwhile are left out. Fails with
/// kTimeout when the attempt is over, with kTooLarge beyond kMostWalked, or as KeptFile does.
Result<WalkedGroups> Walk(const Hierarchy& hierarchy, const GroupSelection& selection,
                          const Attempt& attempt);

}  // namespace tocsin::collectors::container
