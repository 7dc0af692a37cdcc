#include "collectors/proc/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include "collectors/proc/kept_file.h"

namespace tocsin::collectors {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

bool IsListed(const dirent& entry, EntryKind kind) {
  const std::string_view name = entry.d_name;
  if (name == "." || name == "..") return false;
  return kind == EntryKind::kAny || entry.d_type == DT_DIR || entry.d_type == DT_UNKNOWN;
}

}  // namespace

Result<std::vector<std::string>> ListFolder(const FileDescriptor& folder, std::size_t most,
                                            EntryKind kind) {
  // A descriptor of its own, because closedir() closes it and reading moves it.
  FileDescriptor again(openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again.ok()) return FileError("listing a folder", errno);
  const std::unique_ptr<DIR, CloseFolder> listing(fdopendir(again.get()));
  if (listing == nullptr) return FileError("listing a folder", errno);
  again.Release();  // It is the listing's now.

  std::vector<std::string> names;
  errno = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this listing.
  while (const dirent* const entry = readdir(listing.get())) {
    if (!IsListed(*entry, kind)) continue;
    if (names.size() == most) {
      return Error{ErrorCode::kTooLarge, "more than " + std::to_string(most) + " in one folder"};
    }
    names.emplace_back(entry->d_name);
  }
  if (errno != 0) return FileError("listing a folder", errno);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tocsin::collectors
