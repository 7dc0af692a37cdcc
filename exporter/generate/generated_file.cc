#include "exporter/generate/generated_file.h"

#include <fstream>
#include <ostream>
#include <system_error>

#include <fmt/format.h>

#include "base/file.h"

namespace tocsin::generate {
namespace {

Error CannotWrite(const std::filesystem::path& path, std::string_view why) {
  return {ErrorCode::kUnavailable, fmt::format("writing {}: {}", path.string(), why)};
}

/// Not ReplaceFile(): what is generated is for everybody to read, and need not survive a power cut.
Status Replace(const std::filesystem::path& path, std::string_view text) {
  std::error_code problem;
  const std::filesystem::path folder = path.parent_path();
  std::filesystem::create_directories(folder, problem);
  if (problem) {
    return {Error{ErrorCode::kUnavailable, fmt::format("the folder {} cannot be made: {}",
                                                       folder.string(), problem.message())}};
  }
  std::filesystem::path half = path;
  half += ".new";
  std::ofstream file(half, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) {
    std::filesystem::remove(half, problem);
    return CannotWrite(path, "no file can be made there, or the disk is full");
  }
  std::filesystem::rename(half, path, problem);
  if (!problem) return {};
  std::error_code ignored;
  std::filesystem::remove(half, ignored);
  return CannotWrite(path, problem.message());
}

}  // namespace

Status WriteGeneratedFiles(std::span<const GeneratedFile> files,
                           const std::filesystem::path& folder, std::ostream& report) {
  for (const GeneratedFile& file : files) {
    const std::filesystem::path path = folder / file.path;
    const Result<std::string> old = ReadFile(path);
    const bool is_same = old && *old == file.text;
    if (!is_same) {
      if (Status written = Replace(path, file.text); !written) return written;
    }
    report << fmt::format("{} {}\n", is_same ? "unchanged" : "written", path.string());
  }
  return {};
}

}  // namespace tocsin::generate
