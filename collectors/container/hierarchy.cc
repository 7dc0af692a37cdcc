#include "collectors/container/hierarchy.h"

#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "collectors/proc/fields.h"
#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::container {
namespace {

/// A tree of version 2, and what it controls.
struct Unified {
  std::shared_ptr<const FileDescriptor> root;
  std::string controllers;  ///< Words.

  bool Has(std::string_view controller) const {
    std::string_view rest = controllers;
    while (true) {
      const std::string_view word = TakeWord(rest);
      if (word.empty()) return false;
      if (word == controller) return true;
    }
  }
};

std::optional<Unified> FindUnified(const std::filesystem::path& path) {
  Result<FileDescriptor> root = OpenFolder(path);
  if (!root) return std::nullopt;
  std::string controllers;
  if (!ReadFileAt(*root, "cgroup.controllers", controllers)) return std::nullopt;
  return Unified{std::make_shared<const FileDescriptor>(std::move(*root)),
                 std::string(Trimmed(controllers))};
}

/// A tree of version 1, which is a folder that has `file`.
Hierarchy FindV1(const std::filesystem::path& root, std::initializer_list<const char*> folders,
                 const std::string& file) {
  for (const char* const name : folders) {
    Result<FileDescriptor> folder = OpenFolder(root / name);
    if (!folder) continue;
    std::string ignored;
    if (!ReadFileAt(*folder, file, ignored)) continue;
    return {CgroupVersion::kV1, std::make_shared<const FileDescriptor>(std::move(*folder))};
  }
  return {};
}

}  // namespace

const Hierarchy& Hierarchies::listed() const {
  for (const Hierarchy* const hierarchy : {&memory, &cpuacct, &cpu}) {
    if (*hierarchy) return *hierarchy;
  }
  return pids;
}

Result<Hierarchies> FindHierarchies(const std::filesystem::path& root) {
  if (Result<FileDescriptor> folder = OpenFolder(root); !folder) return folder.error();
  Hierarchies found;
  found.memory = FindV1(root, {"memory"}, "memory.stat");
  found.cpu = FindV1(root, {"cpu", "cpu,cpuacct", "cpuacct,cpu"}, "cpu.shares");
  found.cpuacct = FindV1(root, {"cpuacct", "cpu,cpuacct", "cpuacct,cpu"}, "cpuacct.usage");
  found.pids = FindV1(root, {"pids"}, "cgroup.procs");

  std::optional<Unified> unified = FindUnified(root);
  if (!unified) unified = FindUnified(root / "unified");  // As systemd's hybrid mode has it.
  if (unified) {
    const Hierarchy tree = {CgroupVersion::kV2, unified->root};
    if (!found.memory && unified->Has("memory")) found.memory = tree;
    if (!found.pids && unified->Has("pids")) found.pids = tree;
    if (!found.cpu && unified->Has("cpu")) found.cpu = tree;
    // How much time a group used is known in version 2 even without the controller.
    if (!found.cpuacct && (unified->Has("cpu") || found.memory.root == unified->root)) {
      found.cpuacct = tree;
    }
  }
  if (!found.listed()) {
    return Error{ErrorCode::kNotFound,
                 root.string() + ": there are no control groups for memory, cpu or pids"};
  }
  return found;
}

}  // namespace tocsin::collectors::container
