// A file descriptor with an owner.

#pragma once

namespace tocsin {

/// A file descriptor, closed with its owner. Moves only.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor();

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  /// Gives it up: the caller closes it.
  int Release();

 private:
  int fd_;
};

}  // namespace tocsin
