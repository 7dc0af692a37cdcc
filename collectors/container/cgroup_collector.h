// Containers, by this system's control groups.

#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "collectors/container/group_reader.h"
#include "collectors/container/names.h"
#include "collectors/container/start_times.h"
#include "collectors/container/walk.h"

namespace tocsin::collectors::container {

struct CgroupSettings {
  std::filesystem::path cgroups = "/sys/fs/cgroup";
  /// Of our own process namespace: process numbers must mean the same in both.
  std::filesystem::path procfs = "/proc";
  GroupSelection selection = {};
  NameSources names = {};
};

/// Lists the control groups in each collection, and reads those that are containers. One that ends
/// meanwhile is shown as far as it was read. A controller that cannot be read costs its own metrics
/// only, and is reported in Collection::parts. One thread at a time.
class CgroupCollector final : public Collector {
 public:
  CgroupCollector(CgroupSettings settings, const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  using Parts = std::vector<SourceReport>;

  Status ReadGroups(const std::vector<Group>& groups, const Hierarchies& hierarchies,
                    const Attempt& attempt, Collection& collection);
  Usage ReadGroup(const Group& group, const Hierarchies& hierarchies, GroupReader& reader,
                  Parts& parts);
  void ReadProcesses(const Group& group, const Hierarchies& hierarchies, GroupReader& reader,
                     Usage& usage, Parts& parts);

  const CgroupSettings settings_;
  const Clock& clock_;
  Names names_;
  StartTimes start_times_;
};

}  // namespace tocsin::collectors::container
