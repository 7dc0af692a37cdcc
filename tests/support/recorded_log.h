// A log whose lines a test can read.

#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "base/log.h"

namespace tocsin {

/// Keeps what is logged in memory. Safe for concurrent use.
class RecordedLog {
 public:
  explicit RecordedLog(LogLevel least = LogLevel::kInfo)
      : file_(memfd_create("log", MFD_CLOEXEC)), log_(least, LogFormat::kLogfmt, file_) {}
  ~RecordedLog() { close(file_); }
  RecordedLog(const RecordedLog&) = delete;
  RecordedLog& operator=(const RecordedLog&) = delete;

  const Log& log() const { return log_; }

  std::string text() const {
    std::string text(1 << 16, '\0');
    const ssize_t size = pread(file_, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

  /// How often `words` occur.
  int Count(std::string_view words) const {
    const std::string all = text();
    int count = 0;
    for (std::size_t at = all.find(words); at != std::string::npos; at = all.find(words, at + 1)) {
      ++count;
    }
    return count;
  }

 private:
  const int file_;
  const Log log_;
};

}  // namespace tocsin
