#include "base/file_descriptor.h"

#include <unistd.h>

#include <utility>

namespace tocsin {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = other.Release();
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

int FileDescriptor::Release() {
  return std::exchange(fd_, -1);
}

}  // namespace tocsin
