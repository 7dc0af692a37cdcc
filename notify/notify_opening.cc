#include "notify/notify_opening.h"

#include <utility>

#include "base/state_file.h"

namespace tocsin::notify {
namespace {

namespace fs = std::filesystem;

Result<OpenedFile> OpenAndLoad(const fs::path& path) {
  if (!IsMemory(path)) {
    if (const Status made = MakeStateFile(path); !made) return made.error();
  }
  Result<NotifyFile> file = NotifyFile::Open(path);
  if (!file) return file.error().Within(path.string());
  Result<NotifyFile::Contents> contents = file->Load();
  if (!contents) return contents.error().Within(path.string());
  return OpenedFile{std::move(*file), std::move(*contents)};
}

}  // namespace

bool IsMemory(const fs::path& path) {
  return path == ":memory:";
}

Result<FileDescriptor> LockFor(const fs::path& path) {
  if (IsMemory(path)) return FileDescriptor(-1);
  return LockStateFile(path);
}

void PutDamagedAside(const fs::path& path, const Error& error, const Log& log) {
  const fs::path aside = PutAside(path);
  log.Error("the state of notifications is damaged: put aside and begun anew",
            {{"file", aside.string()}, {"error", error.message}});
}

Result<OpenedFile> OpenOrBegin(const fs::path& path, const Log& log) {
  Result<OpenedFile> opened = OpenAndLoad(path);
  if (opened || opened.error().code != ErrorCode::kCorrupt) return opened;
  PutDamagedAside(path, opened.error(), log);
  return OpenAndLoad(path);
}

}  // namespace tocsin::notify
