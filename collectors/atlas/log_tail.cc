#include "collectors/atlas/log_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace tocsin::collectors::atlas {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;
static_assert(kChunk >= LogTail::kLongestLine, "a chunk without an end of line is too long a line");

Error Trouble(const std::filesystem::path& path, int number) {
  const ErrorCode code = number == ENOENT   ? ErrorCode::kNotFound
                         : number == EACCES ? ErrorCode::kDenied
                                            : ErrorCode::kUnavailable;
  return {code, fmt::format("{}: {}", path.string(), std::generic_category().message(number))};
}

bool IsFile(const LogPosition& position, const struct stat& file) {
  return position.device == file.st_dev && position.inode == file.st_ino;
}

}  // namespace

Status LogTail::Open(const std::filesystem::path& path, std::int64_t offset) {
  // Of a pipe that nobody writes to, opening would wait for ever.
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.ok()) return Trouble(path, errno);
  struct stat found {};
  if (fstat(file.get(), &found) != 0) return Trouble(path, errno);
  if (!S_ISREG(found.st_mode)) {
    return Error{ErrorCode::kInvalidInput, path.string() + ": not a plain file"};
  }
  position_ = LogPosition{found.st_dev, found.st_ino, offset < 0 ? found.st_size : offset};
  char before = '\n';
  const std::int64_t at = position_->offset - 1;
  skips_line_ = at >= 0 && pread(file.get(), &before, 1, at) == 1 && before != '\n';
  was_renamed_ = false;
  file_ = std::move(file);
  return {};
}

Status LogTail::OpenFirst() {
  constexpr std::int64_t kEnd = -1;
  if (!position_) return Open(path_, kEnd);
  for (const std::filesystem::path& path : {path_, std::filesystem::path(path_.string() + ".1")}) {
    struct stat found {};
    if (stat(path.c_str(), &found) != 0 || !IsFile(*position_, found)) continue;
    Status opened = Open(path, position_->offset);
    was_renamed_ = opened && path != path_;
    return opened;
  }
  return Open(path_, 0);
}

Status LogTail::Read(const std::function<void(std::string_view line)>& take,
                     const Attempt& attempt) {
  left_ = kMostBytes;
  if (!file_.ok()) {
    if (Status opened = OpenFirst(); !opened) return opened;
  }
  if (Status read = ReadToEnd(take, attempt); !read) return read;
  const bool is_renamed = HasOtherFileItsName();
  // Only what was read to its end may be left.
  if (is_renamed && was_renamed_ && at_end_) {
    if (Status opened = Open(path_, 0); !opened) return opened;
    return ReadToEnd(take, attempt);
  }
  was_renamed_ = is_renamed;
  return {};
}

bool LogTail::HasOtherFileItsName() const {
  struct stat found {};
  return stat(path_.c_str(), &found) == 0 && !IsFile(*position_, found);
}

Status LogTail::NoteTruncation() {
  struct stat found {};
  if (fstat(file_.get(), &found) != 0) return Trouble(path_, errno);
  if (found.st_size >= position_->offset) return {};
  position_->offset = 0;
  skips_line_ = false;
  return {};
}

Status LogTail::ReadToEnd(const std::function<void(std::string_view)>& take,
                          const Attempt& attempt) {
  if (Status looked = NoteTruncation(); !looked) return looked;
  std::array<char, kChunk> chunk{};
  at_end_ = false;
  while (left_ > 0 && !attempt.stop.stop_requested()) {
    const std::size_t most = std::min(left_, chunk.size());
    const ssize_t got = pread(file_.get(), chunk.data(), most, position_->offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Trouble(path_, errno);
    const std::string_view bytes(chunk.data(), static_cast<std::size_t>(got));
    const std::size_t taken = TakeLines(bytes, take);
    if (taken == 0 && bytes.size() < kLongestLine) {  // The line has no end yet.
      at_end_ = bytes.size() < most;
      return {};
    }
    skips_line_ = skips_line_ || taken == 0;
    const std::size_t passed = taken == 0 ? bytes.size() : taken;
    position_->offset += static_cast<std::int64_t>(passed);
    left_ -= passed;
  }
  return {};
}

/// How many bytes the whole lines of `bytes` are.
std::size_t LogTail::TakeLines(std::string_view bytes,
                               const std::function<void(std::string_view)>& take) {
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = bytes.find('\n', begin)) != std::string_view::npos;) {
    if (!std::exchange(skips_line_, false)) take(bytes.substr(begin, end - begin));
    begin = end + 1;
  }
  return begin;
}

}  // namespace tocsin::collectors::atlas
