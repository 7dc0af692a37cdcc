// The files of the history: which there are, and reading, writing and dropping them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace tocsin {

/// A segment that is being written. Append() by one thread, Sync() by any. Failures are
/// kUnavailable or kDenied and name the path.
class SegmentFile {
 public:
  SegmentFile(FileDescriptor file, std::filesystem::path path, std::size_t size)
      : file_(std::move(file)), path_(std::move(path)), size_(size) {}

  /// Appends all of `bytes` or, as far as the disk lets it, nothing: what a failure has left behind
  /// is cut off. Does not wait for the disk, except as write(2) does.
  Status Append(std::string_view bytes);
  /// Waits until the disk has what was appended before the call.
  Status Sync() const;
  std::size_t size() const { return size_; }

 private:
  const FileDescriptor file_;
  const std::filesystem::path path_;
  std::size_t size_;
};

/// What could be read of a file, which is less than all of it if the disk fails.
struct SegmentBytes {
  std::unique_ptr<char[]> bytes;
  std::size_t size = 0;
  std::size_t unreadable = 0;  ///< How many bytes follow in the file.

  std::string_view view() const { return {bytes.get(), size}; }
};

/// A folder of segments, files named by ascending numbers, that one process at a time may use.
/// What else lies in it is left alone. One thread at a time.
class HistoryFolder {
 public:
  /// Makes the folder if it is missing, readable by its owner only, and locks it. Fails with
  /// kUnavailable if another process has it, or it cannot be made; with kDenied.
  static Result<HistoryFolder> Open(const std::filesystem::path& path);

  struct Segment {
    std::uint64_t number = 0;
    std::size_t bytes = 0;
  };
  /// The segments there are, oldest first.
  Result<std::vector<Segment>> List() const;
  Result<SegmentBytes> Read(std::uint64_t number) const;
  /// Begins a segment. Fails also if there is one of this number.
  Result<std::shared_ptr<SegmentFile>> Create(std::uint64_t number) const;
  /// Cuts a segment off at `size` and goes on with it.
  Result<std::shared_ptr<SegmentFile>> Resume(std::uint64_t number, std::size_t size) const;
  Status Remove(std::uint64_t number) const;

 private:
  HistoryFolder(std::filesystem::path path, FileDescriptor lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::filesystem::path PathOf(std::uint64_t number) const;
  Result<std::shared_ptr<SegmentFile>> OpenSegment(std::uint64_t number, int flags,
                                                   std::size_t size) const;

  std::filesystem::path path_;
  FileDescriptor lock_;
};

}  // namespace tocsin
