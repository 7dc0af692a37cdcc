#include "collectors/container/walk.h"

#include <utility>

#include "collectors/proc/folder.h"
#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::container {
namespace {

/// One walk.
class Walker {
 public:
  Walker(const Hierarchy& hierarchy, const GroupSelection& selection, const Attempt& attempt)
      : hierarchy_(hierarchy), selection_(selection), attempt_(attempt) {}

  /// Looks at the group at `path` and those below it. `container` is the nearest container around
  /// it, by its place in the answer, if there is one.
  Status Visit(const std::string& path, std::size_t depth, std::optional<std::size_t> container) {
    if (IsOver(attempt_)) return Error{ErrorCode::kTimeout, "no time was left to list all groups"};
    if (++walked_ > kMostWalked) {
      return Error{ErrorCode::kTooLarge,
                   "there are more than " + std::to_string(kMostWalked) + " control groups"};
    }
    Result<std::vector<std::string>> inner = List(path);
    if (!inner && inner.error().code == ErrorCode::kNotFound) return {};
    if (!inner) return inner.error().Within(path);
    container = Take(path, container);
    if (depth == kDeepest) return {};
    for (const std::string& name : *inner) {
      const std::string below = (path.size() > 1 ? path : std::string()) + "/" + name;
      if (Status visited = Visit(below, depth + 1, container); !visited) return visited;
    }
    return {};
  }

  WalkedGroups TakeFound() { return std::move(found_); }

 private:
  Result<std::vector<std::string>> List(const std::string& path) const {
    const Result<FileDescriptor> folder =
        OpenFolderAt(*hierarchy_.root, path.size() > 1 ? path.substr(1) : std::string("."));
    if (!folder) return folder.error();
    return ListFolder(*folder, kMostWalked, EntryKind::kFolder);
  }

  /// Takes the group into the answer if it is to be shown. Returns the container that those below
  /// it belong to.
  std::optional<std::size_t> Take(const std::string& path, std::optional<std::size_t> container) {
    std::optional<PathIdentity> identity = IdentifyGroup(path);
    if (!identity && container) {
      found_.groups[*container].with_inner.push_back(path);
      return container;
    }
    if (!identity && (!selection_.others || !selection_.others->Wants(path))) return std::nullopt;
    if (!selection_.all.Wants(path)) return std::nullopt;
    if (found_.groups.size() == selection_.most) {
      found_.truncated = true;
      return std::nullopt;
    }
    const bool is_container = identity.has_value();
    found_.groups.push_back({path, std::move(identity), {path}});
    return is_container ? std::optional(found_.groups.size() - 1) : std::nullopt;
  }

  const Hierarchy& hierarchy_;
  const GroupSelection& selection_;
  const Attempt& attempt_;
  WalkedGroups found_;
  std::size_t walked_ = 0;
};

}  // namespace

Result<WalkedGroups> Walk(const Hierarchy& hierarchy, const GroupSelection& selection,
                          const Attempt& attempt) {
  Walker walker(hierarchy, selection, attempt);
  if (Status visited = walker.Visit("/", 0, std::nullopt); !visited) return visited.error();
  return walker.TakeFound();
}

}  // namespace tocsin::collectors::container
