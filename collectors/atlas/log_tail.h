// The lines that are added to a log file, over its rotations.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "collectors/collector.h"

namespace tocsin::collectors::atlas {

/// How far a file has been read. The inode tells a file that was renamed from the one that took its
/// name.
struct LogPosition {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t offset = 0;  ///< Of the first line that has not been read.

  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

/// Follows a log file by its name. A file that was renamed is read to its end, until the second
/// look after that, because its writer may go on with it until it is told; then the one that has
/// the name now is read from its beginning. A file that has become shorter was emptied, and is read
/// from its beginning. One thread at a time.
class LogTail {
 public:
  /// Most that one Read() takes in; the rest is for the next.
  static constexpr std::size_t kMostBytes = std::size_t{8} << 20;
  /// A longer line is passed over.
  static constexpr std::size_t kLongestLine = std::size_t{64} << 10;

  /// Goes on at `saved`: if its file is not there under the name, as the first rotated one
  /// ("NAME.1"), and if not there either, at the beginning of the one that is. Without `saved`, at
  /// the end of the file: what was logged before is not ours to count.
  LogTail(std::filesystem::path path, std::optional<LogPosition> saved)
      : path_(std::move(path)), position_(saved) {}

  /// Hands out the whole lines that were added, without their ends. A line that has no end yet is
  /// left for later. Fails with kNotFound, kDenied, kUnavailable or kInvalidInput (no plain file);
  /// what was handed out before stands.
  Status Read(const std::function<void(std::string_view line)>& take, const Attempt& attempt);

  /// Where the next Read() begins; nothing if that is the end of the file, at first.
  const std::optional<LogPosition>& position() const { return position_; }

 private:
  Status OpenFirst();
  Status Open(const std::filesystem::path& path, std::int64_t offset);
  Status ReadToEnd(const std::function<void(std::string_view)>& take, const Attempt& attempt);
  std::size_t TakeLines(std::string_view bytes, const std::function<void(std::string_view)>& take);
  Status NoteTruncation();
  bool HasOtherFileItsName() const;

  const std::filesystem::path path_;
  FileDescriptor file_;
  std::optional<LogPosition> position_;
  std::size_t left_ = 0;      // Bytes that this Read() may still take in.
  bool skips_line_ = false;   // The file stands in the middle of a line that is not wanted.
  bool at_end_ = false;       // Nothing more was there to read.
  bool was_renamed_ = false;  // When last looked at.
};

}  // namespace tocsin::collectors::atlas
