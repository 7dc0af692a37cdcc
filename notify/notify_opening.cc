#include "notify/notify_opening.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace tocsin::notify {
namespace {

namespace fs = std::filesystem;

fs::path With(const fs::path& path, const char* suffix) {
  fs::path longer = path;
  longer += suffix;
  return longer;
}

/// Opens, or makes, a file that only its owner can read.
Result<FileDescriptor> OpenOwn(const fs::path& path) {
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.ok()) return file;
  const int number = errno;
  const bool is_denied = number == EACCES || number == EPERM || number == EROFS;
  return Error{is_denied ? ErrorCode::kDenied : ErrorCode::kUnavailable,
               path.string() + ": " + std::generic_category().message(number)};
}

Result<OpenedFile> OpenAndLoad(const fs::path& path) {
  if (!IsMemory(path)) {
    // Before SQLite opens it: closing a file of its own, a process drops SQLite's locks on it.
    if (const Result<FileDescriptor> made = OpenOwn(path); !made) return made.error();
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
  Result<FileDescriptor> lock = OpenOwn(With(path, ".lock"));
  if (lock && flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kUnavailable, path.string() + " is used by another process"};
  }
  return lock;
}

void PutAside(const fs::path& path, const Error& error, const Log& log) {
  std::error_code problem;
  const fs::path aside = With(path, ".damaged");
  fs::remove(With(aside, "-wal"), problem);
  fs::rename(With(path, "-wal"), With(aside, "-wal"), problem);
  fs::remove(With(path, "-shm"), problem);
  fs::rename(path, aside, problem);
  log.Error("the state of notifications is damaged: put aside and begun anew",
            {{"file", aside.string()}, {"error", error.message}});
}

Result<OpenedFile> OpenOrBegin(const fs::path& path, const Log& log) {
  Result<OpenedFile> opened = OpenAndLoad(path);
  if (opened || opened.error().code != ErrorCode::kCorrupt) return opened;
  PutAside(path, opened.error(), log);
  return OpenAndLoad(path);
}

}  // namespace tocsin::notify
