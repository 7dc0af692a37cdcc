#include "rules/storage/history_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace tocsin {
namespace {

namespace fs = std::filesystem;

/// Larger files are not ours: see HistoryEncoder and the sizes at which segments end.
constexpr std::size_t kMostBytes = std::size_t{1} << 30;

Error FromErrno(const fs::path& path, int number) {
  const bool is_denied = number == EACCES || number == EPERM || number == EROFS;
  return {is_denied ? ErrorCode::kDenied : ErrorCode::kUnavailable,
          path.string() + ": " + std::generic_category().message(number)};
}

/// Calls `call` again for as long as a signal interrupts it.
template <class Call>
auto Retrying(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

std::string NameOf(std::uint64_t number) {
  return fmt::format("{:08}.log", number);
}

/// The number in "00000012.log"; nothing for a file that is not a segment.
std::optional<std::uint64_t> NumberOf(const fs::path& file) {
  const std::string name = file.filename().string();
  std::uint64_t number = 0;
  const std::errc problem = std::from_chars(name.data(), name.data() + name.size(), number).ec;
  if (problem != std::errc{} || name != NameOf(number)) return std::nullopt;
  return number;
}

/// So that a file that was made or removed is so also after a power cut.
void SyncFolder(const fs::path& path) {
  const FileDescriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.ok()) fsync(folder.get());
}

}  // namespace

Status SegmentFile::Append(std::string_view bytes) {
  for (std::string_view left = bytes; !left.empty();) {
    const ssize_t written = Retrying([&] { return write(file_.get(), left.data(), left.size()); });
    if (written < 0) {
      const int number = errno;
      // If not even this works, a reader takes the rest for a torn tail.
      static_cast<void>(
          Retrying([&] { return ftruncate(file_.get(), static_cast<off_t>(size_)); }));
      return FromErrno(path_, number);
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  size_ += bytes.size();
  return {};
}

Status SegmentFile::Sync() const {
  if (Retrying([&] { return fdatasync(file_.get()); }) != 0) return FromErrno(path_, errno);
  return {};
}

Result<HistoryFolder> HistoryFolder::Open(const fs::path& path) {
  std::error_code error;
  if (fs::create_directories(path, error)) {
    fs::permissions(path, fs::perms::owner_all, error);
  }
  if (error) return FromErrno(path, error.value());
  const fs::path lock_path = path / "lock";
  FileDescriptor lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.ok()) return FromErrno(lock_path, errno);
  if (Retrying([&] { return flock(lock.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) return FromErrno(lock_path, errno);
    return Error{ErrorCode::kUnavailable, path.string() + ": in use by another process"};
  }
  return HistoryFolder(path, std::move(lock));
}

Result<std::vector<HistoryFolder::Segment>> HistoryFolder::List() const {
  std::vector<Segment> segments;
  std::error_code error;
  for (fs::directory_iterator file(path_, error), end; !error && file != end;
       file.increment(error)) {
    const std::optional<std::uint64_t> number = NumberOf(file->path());
    std::error_code unreadable;
    if (!number || !file->is_regular_file(unreadable)) continue;
    segments.push_back({*number, file->file_size(unreadable)});
  }
  if (error) return FromErrno(path_, error.value());
  std::sort(segments.begin(), segments.end(),
            [](const Segment& a, const Segment& b) { return a.number < b.number; });
  return segments;
}

Result<SegmentBytes> HistoryFolder::Read(std::uint64_t number) const {
  const fs::path path = PathOf(number);
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (!file.ok() || fstat(file.get(), &status) != 0) return FromErrno(path, errno);
  const auto file_size = static_cast<std::size_t>(status.st_size);
  const std::size_t size = std::min(file_size, kMostBytes);
  // Read, not mapped: a bad sector is then an error and not a signal.
  SegmentBytes segment{std::make_unique_for_overwrite<char[]>(size), 0, 0};
  while (segment.size < size) {
    const ssize_t got = Retrying(
        [&] { return read(file.get(), segment.bytes.get() + segment.size, size - segment.size); });
    if (got <= 0) break;
    segment.size += static_cast<std::size_t>(got);
  }
  segment.unreadable = file_size - segment.size;
  return segment;
}

Result<std::shared_ptr<SegmentFile>> HistoryFolder::Create(std::uint64_t number) const {
  Result<std::shared_ptr<SegmentFile>> file = OpenSegment(number, O_CREAT | O_EXCL, 0);
  if (file) SyncFolder(path_);
  return file;
}

Result<std::shared_ptr<SegmentFile>> HistoryFolder::Resume(std::uint64_t number,
                                                           std::size_t size) const {
  return OpenSegment(number, 0, size);
}

Result<std::shared_ptr<SegmentFile>> HistoryFolder::OpenSegment(std::uint64_t number, int flags,
                                                                std::size_t size) const {
  const fs::path path = PathOf(number);
  FileDescriptor file(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0600));
  if (!file.ok()) return FromErrno(path, errno);
  if (Retrying([&] { return ftruncate(file.get(), static_cast<off_t>(size)); }) != 0) {
    return FromErrno(path, errno);
  }
  return std::make_shared<SegmentFile>(std::move(file), path, size);
}

Status HistoryFolder::Remove(std::uint64_t number) const {
  const fs::path path = PathOf(number);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return FromErrno(path, errno);
  return {};
}

fs::path HistoryFolder::PathOf(std::uint64_t number) const {
  return path_ / NameOf(number);
}

}  // namespace tocsin
