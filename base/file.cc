#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace tocsin {
namespace {

Error FromErrno(const std::filesystem::path& path, int number) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (number == ENOENT || number == ENOTDIR) code = ErrorCode::kNotFound;
  if (number == EACCES || number == EPERM) code = ErrorCode::kDenied;
  return {code, path.string() + ": " + std::generic_category().message(number)};
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// Opens without waiting until a pipe has a writer; what is read afterwards is waited for. A
/// negative answer leaves the reason in errno.
int OpenToRead(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0) fcntl(fd, F_SETFL, 0);
  return fd;
}

bool IsPipe(int fd) {
  struct stat status = {};
  return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

Status WriteDurably(const std::filesystem::path& path, std::string_view contents) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.ok()) return FromErrno(path, errno);
  while (!contents.empty()) {
    const ssize_t written = write(file.get(), contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FromErrno(path, errno);
    contents.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(file.get()) != 0) return FromErrno(path, errno);
  return {};
}

}  // namespace

Result<std::string> ReadFile(const std::filesystem::path& path, std::size_t most) {
  const Descriptor file(OpenToRead(path));
  if (!file.ok()) return FromErrno(path, errno);
  std::string contents;
  std::string block(std::size_t{64} * 1024, '\0');
  for (;;) {
    const ssize_t got = read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FromErrno(path, errno);
    if (got == 0 && contents.empty() && IsPipe(file.get())) {
      return Error{ErrorCode::kUnavailable, path.string() + ": a pipe that nobody writes to"};
    }
    if (got == 0) return contents;
    contents.append(block, 0, static_cast<std::size_t>(got));
    if (contents.size() > most) {
      return Error{ErrorCode::kTooLarge,
                   path.string() + ": larger than " + std::to_string(most) + " bytes"};
    }
  }
}

Status ReplaceFile(const std::filesystem::path& path, std::string_view contents) {
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  if (Status written = WriteDurably(temporary, contents); !written) {
    unlink(temporary.c_str());
    return written;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int number = errno;
    unlink(temporary.c_str());
    return FromErrno(path, number);
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const Descriptor directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok() || fsync(directory.get()) != 0) return FromErrno(folder, errno);
  return {};
}

}  // namespace tocsin
