#include "collectors/container/cgroup_collector.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace tocsin::collectors::container {
namespace {

/// Reports the first failure of a part.
void Note(std::string_view part, Status status, std::vector<SourceReport>& parts) {
  if (status) return;
  const bool noted = std::any_of(parts.begin(), parts.end(),
                                 [&](const SourceReport& report) { return report.source == part; });
  if (!noted) parts.push_back({std::string(part), std::move(status)});
}

/// The number of the group's folder, which no other group has; nothing if it is gone.
std::optional<ino_t> InodeOf(const Hierarchy& hierarchy, const std::string& path) {
  struct stat status = {};
  const std::string relative = path.size() > 1 ? path.substr(1) : std::string(".");
  if (fstatat(hierarchy.root->get(), relative.c_str(), &status, 0) != 0) return std::nullopt;
  return status.st_ino;
}

}  // namespace

CgroupCollector::CgroupCollector(CgroupSettings settings, const Environment& environment)
    : settings_(std::move(settings)),
      clock_(environment.clock),
      names_(settings_.names),
      start_times_(settings_.procfs) {}

Status CgroupCollector::Collect(const Attempt& attempt, Collection& collection) {
  // Looked up anew each time: it costs little, and control groups can be mounted later.
  const Result<Hierarchies> hierarchies = FindHierarchies(settings_.cgroups);
  if (!hierarchies) return hierarchies.error();
  const Result<WalkedGroups> walked = Walk(hierarchies->listed(), settings_.selection, attempt);
  if (!walked) return walked.error();
  if (walked->truncated) {
    const std::string most = std::to_string(settings_.selection.most);
    collection.parts.push_back(
        {"groups", Error{ErrorCode::kTooLarge,
                         "there are more than " + most + " groups to show; see max_containers"}});
  }
  Status read = ReadGroups(walked->groups, *hierarchies, attempt, collection);
  names_.EndRound();
  start_times_.EndRound();
  return read;
}

Status CgroupCollector::ReadGroups(const std::vector<Group>& groups, const Hierarchies& hierarchies,
                                   const Attempt& attempt, Collection& collection) {
  GroupReader reader(hierarchies);
  for (const Group& group : groups) {
    if (attempt.stop.stop_requested() || std::chrono::steady_clock::now() >= attempt.deadline) {
      return Error{ErrorCode::kTimeout, "no time was left to read all groups"};
    }
    const std::optional<Identity> identity = names_.Identify(group.path, group.identity);
    if (!identity) continue;
    const Usage usage = ReadGroup(group, hierarchies, reader, collection.parts);
    Publish(*identity, usage, collection.points);
  }
  return {};
}

Usage CgroupCollector::ReadGroup(const Group& group, const Hierarchies& hierarchies,
                                 GroupReader& reader, Parts& parts) {
  Usage usage;
  Note("memory", reader.ReadMemory(group.path, usage), parts);
  Note("cpu", reader.ReadCpu(group.path, usage), parts);
  Note("pids", reader.ReadThreads(group.path, usage), parts);
  ReadProcesses(group, hierarchies, reader, usage, parts);
  return usage;
}

void CgroupCollector::ReadProcesses(const Group& group, const Hierarchies& hierarchies,
                                    GroupReader& reader, Usage& usage, Parts& parts) {
  const std::optional<ino_t> inode = InodeOf(hierarchies.listed(), group.path);
  if (!inode) return;  // It has ended.
  std::ptrdiff_t processes = 0;
  for (const std::string& path : group.with_inner) {
    const Result<std::string_view> text = reader.ReadProcesses(path);
    if (!text) return Note("processes", text.error(), parts);
    processes += std::count(text->begin(), text->end(), '\n');
    if (!usage.start_time) usage.start_time = start_times_.Of(group.path, *inode, *text);
  }
  usage.processes = static_cast<double>(processes);
  usage.last_seen = UnixSeconds(clock_.Now());
}

}  // namespace tocsin::collectors::container
