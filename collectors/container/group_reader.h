// The files of one control group.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "collectors/container/hierarchy.h"
#include "collectors/container/metrics.h"

namespace tocsin::collectors::container {

/// What `memory.max` and `memory.limit_in_bytes` hold: bytes, 0 for no limit. Version 1 says that
/// by a number near the largest of 63 bits. kCorrupt if it is neither.
Result<double> ParseMemoryLimit(std::string_view text);

/// A limit on processor time, in microseconds; both 0 for none.
struct CpuLimit {
  double quota = 0;
  double period = 0;
};
/// What `cpu.max` holds: "max 100000", "50000 100000".
Result<CpuLimit> ParseCpuMax(std::string_view text);

/// Reads groups, one at a time. A file or a group that is not there leaves its values unset; that
/// is how a container looks that has just ended, or a kernel that does not have something. One
/// thread at a time.
class GroupReader {
 public:
  /// `hierarchies` outlives the reader.
  explicit GroupReader(const Hierarchies& hierarchies) : hierarchies_(hierarchies) {}

  /// Each reads one controller's files of the group at `path`, which begins with a slash. Fails as
  /// KeptFile does, but never with kNotFound, or with kCorrupt.
  Status ReadMemory(const std::string& path, Usage& usage);
  Status ReadCpu(const std::string& path, Usage& usage);
  Status ReadThreads(const std::string& path, Usage& usage);

  /// The text of cgroup.procs; empty if it is not there. Valid until the next read.
  Result<std::string_view> ReadProcesses(const std::string& path);

 private:
  Result<std::string_view> Read(const Hierarchy& hierarchy, const std::string& path,
                                std::string_view file);
  Status ReadNumber(const Hierarchy& hierarchy, const std::string& path, std::string_view file,
                    double factor, std::optional<double>& value);
  template <class Take>
  Status ReadKeys(const Hierarchy& hierarchy, const std::string& path, std::string_view file,
                  Take take);

  Status ReadMemoryUse(const std::string& path, Usage& usage);
  Status ReadMemoryLimit(const std::string& path, Usage& usage);
  Status ReadOomEvents(const std::string& path, Usage& usage);
  Status ReadCpuTimeV1(const std::string& path, Usage& usage);
  Status ReadCpuTimeV2(const std::string& path, Usage& usage);
  Status ReadCpuLimit(const std::string& path, Usage& usage);
  Status ReadThrottling(const std::string& path, Usage& usage);

  const Hierarchies& hierarchies_;
  std::string file_;
  std::string text_;
};

}  // namespace tocsin::collectors::container
