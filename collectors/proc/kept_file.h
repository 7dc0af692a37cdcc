// A file of /proc or /sys that is read again and again.

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace tocsin::collectors {

/// Keeps its file open between reads, and reads it from the start each time, which makes the kernel
/// write it anew. That saves half of what a read costs. A file that has become unreadable, such as
/// one of a device that went away, is opened anew. One thread at a time.
class KeptFile {
 public:
  /// The most that is read of one file.
  static constexpr std::size_t kMostBytes = std::size_t{16} << 20;

  /// Nothing is opened before the first Read().
  explicit KeptFile(std::filesystem::path path) : path_(std::move(path)) {}

  /// The whole contents, valid until the next Read(). Fails with kNotFound, kDenied, kTooLarge or
  /// kUnavailable; the message names the path and says why in errno's words.
  Result<std::string_view> Read();

  const std::filesystem::path& path() const { return path_; }

 private:
  Status Open();

  const std::filesystem::path path_;
  FileDescriptor file_;
  std::string buffer_;
};

/// Reads the file at `path`, below the folder `folder`, into `contents`, whose memory is used
/// again. Fails as KeptFile does.
Status ReadFileAt(const FileDescriptor& folder, const std::string& path, std::string& contents);

/// Opens a folder, to read what is in it. Fails as KeptFile does.
Result<FileDescriptor> OpenFolder(const std::filesystem::path& path);
Result<FileDescriptor> OpenFolderAt(const FileDescriptor& folder, const std::string& path);

/// The error for `number`, an errno, with `path` in its message.
Error FileError(const std::string& path, int number);

}  // namespace tocsin::collectors
