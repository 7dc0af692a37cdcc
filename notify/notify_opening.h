// Opening the file with the notifier's state, and replacing a damaged one.

#pragma once

#include <filesystem>

#include "base/file_descriptor.h"
#include "base/log.h"
#include "base/result.h"
#include "notify/notify_file.h"

namespace tocsin::notify {

/// Whether there is no file: ":memory:".
bool IsMemory(const std::filesystem::path& path);

/// Keeps a second process away from the file, which would send the same twice, as long as the
/// descriptor lives. Fails with kUnavailable or kDenied.
Result<FileDescriptor> LockFor(const std::filesystem::path& path);

struct OpenedFile {
  NotifyFile file;
  NotifyFile::Contents contents;
};
/// Opens or makes the file, readable by its owner only. A damaged one is put aside and begun anew.
/// Fails as NotifyFile::Open() does.
Result<OpenedFile> OpenOrBegin(const std::filesystem::path& path, const Log& log);

/// Puts a damaged file aside, and says so.
void PutDamagedAside(const std::filesystem::path& path, const Error& error, const Log& log);

}  // namespace tocsin::notify
