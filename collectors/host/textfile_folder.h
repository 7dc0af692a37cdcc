// The text files of a folder, read so that a folder that hangs cannot hold us up.

#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "collectors/background_call.h"
#include "collectors/collector.h"

namespace tocsin::collectors::host {

/// A file *.prom.
struct TextFile {
  std::string name;
  Result<std::string> text;  ///< All of it, or why it could not be read.
  double written = 0;        ///< Unix time.
};

/// Reads the files *.prom of a folder, in the order of their names. Waits for as long as the file
/// system pleases. Fails as ListFolder() does.
Result<std::vector<TextFile>> ReadTextFiles(const std::filesystem::path& folder);

/// Reads a folder on a thread of its own, which is given up when the folder does not answer, such
/// as one of a server that is gone. It is then left alone until it does, and fails at once
/// meanwhile. One thread at a time.
class TextfileFolder {
 public:
  /// Must be safe for concurrent use, and may outlive the folder.
  using ReadFiles = std::function<Result<std::vector<TextFile>>(const std::filesystem::path&)>;

  explicit TextfileFolder(std::filesystem::path path, ReadFiles read_files = ReadTextFiles);

  /// Fails with kTimeout if there is no answer within the attempt.
  Result<std::vector<TextFile>> Read(const Attempt& attempt);

 private:
  const std::filesystem::path path_;
  const ReadFiles read_files_;
  std::optional<BackgroundCall<Result<std::vector<TextFile>>>> hanging_;
};

}  // namespace tocsin::collectors::host
