// Whole small files, read and replaced.

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin {

/// The contents of a file of at most `most` bytes. Fails with kNotFound, kDenied, kTooLarge or
/// kUnavailable; the message names the path and says why in errno's words. Pipes and terminals are
/// read to their end, so `/dev/stdin` and the shell's `<(...)` will do, and that may take as long
/// as their writers do; a pipe that has no writer, and nothing in it, is kUnavailable at once.
Result<std::string> ReadFile(const std::filesystem::path& path, std::size_t most = 64UL << 20);

/// Puts `contents` in place of whatever is at `path`, all or nothing: after a crash or power cut
/// at any moment the file holds the old contents or the new. Waits for the disk (fsync of the file,
/// rename, fsync of the directory). The file is readable by its owner only. Fails with kUnavailable
/// or kDenied, and then the old contents stand.
Status ReplaceFile(const std::filesystem::path& path, std::string_view contents);

}  // namespace tocsin
