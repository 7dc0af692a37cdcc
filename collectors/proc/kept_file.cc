#include "collectors/proc/kept_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

namespace tocsin::collectors {
namespace {

constexpr std::size_t kFirstBytes = 8192;

/// Never waits for the writer of a pipe, should one stand where a file is expected.
constexpr int kToRead = O_RDONLY | O_NONBLOCK | O_CLOEXEC;

/// Reads the file from its start into `buffer`, which grows as need be, and sets `size` to how much
/// there was. Returns 0, or the errno; EFBIG beyond KeptFile::kMostBytes.
int ReadFromStart(int file, std::string& buffer, std::size_t& size) {
  size = 0;
  if (buffer.empty()) buffer.resize(kFirstBytes);
  while (true) {
    if (size == buffer.size()) {
      if (size >= KeptFile::kMostBytes) return EFBIG;
      buffer.resize(std::min(2 * size, KeptFile::kMostBytes));
    }
    const ssize_t got =
        pread(file, buffer.data() + size, buffer.size() - size, static_cast<off_t>(size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return 0;
    size += static_cast<std::size_t>(got);
  }
}

}  // namespace

Error FileError(const std::string& path, int number) {
  ErrorCode code = ErrorCode::kUnavailable;
  // ENODEV and ESRCH are what a file says whose device or process is gone; EOPNOTSUPP what a file
  // of a feature says that is switched off.
  if (number == ENOENT || number == ENOTDIR || number == ENODEV || number == ESRCH ||
      number == EOPNOTSUPP) {
    code = ErrorCode::kNotFound;
  }
  if (number == EACCES || number == EPERM) code = ErrorCode::kDenied;
  if (number == EFBIG) code = ErrorCode::kTooLarge;
  return {code, path + ": " + std::generic_category().message(number)};
}

Status KeptFile::Open() {
  file_ = FileDescriptor(open(path_.c_str(), kToRead));
  if (!file_.ok()) return FileError(path_.string(), errno);
  return {};
}

Result<std::string_view> KeptFile::Read() {
  const bool was_open = file_.ok();
  if (!was_open) {
    if (Status opened = Open(); !opened) return opened.error();
  }
  std::size_t size = 0;
  int problem = ReadFromStart(file_.get(), buffer_, size);
  if (problem != 0 && was_open) {
    if (Status opened = Open(); !opened) return opened.error();
    problem = ReadFromStart(file_.get(), buffer_, size);
  }
  if (problem == 0) return std::string_view(buffer_).substr(0, size);
  file_ = FileDescriptor();
  return FileError(path_.string(), problem);
}

Status ReadFileAt(const FileDescriptor& folder, const std::string& path, std::string& contents) {
  const FileDescriptor file(openat(folder.get(), path.c_str(), kToRead));
  if (!file.ok()) return FileError(path, errno);
  contents.resize(contents.capacity());
  std::size_t size = 0;
  if (const int problem = ReadFromStart(file.get(), contents, size)) {
    return FileError(path, problem);
  }
  contents.resize(size);
  return {};
}

Result<FileDescriptor> OpenFolder(const std::filesystem::path& path) {
  FileDescriptor folder(open(path.c_str(), kToRead | O_DIRECTORY));
  if (!folder.ok()) return FileError(path.string(), errno);
  return folder;
}

Result<FileDescriptor> OpenFolderAt(const FileDescriptor& folder, const std::string& path) {
  FileDescriptor opened(openat(folder.get(), path.c_str(), kToRead | O_DIRECTORY));
  if (!opened.ok()) return FileError(path, errno);
  return opened;
}

}  // namespace tocsin::collectors
