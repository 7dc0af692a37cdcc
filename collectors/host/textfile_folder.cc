#include "collectors/host/textfile_folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "collectors/proc/folder.h"
#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::host {
namespace {

constexpr std::size_t kMostEntries = 10'000;

TextFile ReadTextFile(const FileDescriptor& folder, const std::string& name) {
  struct stat status = {};
  if (fstatat(folder.get(), name.c_str(), &status, 0) != 0) return {name, FileError(name, errno)};
  std::string text;
  if (Status read = ReadFileAt(folder, name, text); !read) return {name, read.error()};
  constexpr double kNanosecondsPerSecond = 1e9;
  return {name, std::move(text),
          static_cast<double>(status.st_mtim.tv_sec) +
              static_cast<double>(status.st_mtim.tv_nsec) / kNanosecondsPerSecond};
}

Error NoAnswer() {
  return {ErrorCode::kTimeout, "the folder does not answer"};
}

}  // namespace

Result<std::vector<TextFile>> ReadTextFiles(const std::filesystem::path& folder) {
  const Result<FileDescriptor> opened = OpenFolder(folder);
  if (!opened) return opened.error();
  const Result<std::vector<std::string>> names = ListFolder(*opened, kMostEntries);
  if (!names) return names.error();
  std::vector<TextFile> files;
  for (const std::string& name : *names) {
    if (name.ends_with(".prom")) files.push_back(ReadTextFile(*opened, name));
  }
  return files;
}

TextfileFolder::TextfileFolder(std::filesystem::path path, ReadFiles read_files)
    : path_(std::move(path)), read_files_(std::move(read_files)) {}

Result<std::vector<TextFile>> TextfileFolder::Read(const Attempt& attempt) {
  if (hanging_ && !hanging_->IsFinished()) return NoAnswer();
  hanging_.reset();
  using Call = BackgroundCall<Result<std::vector<TextFile>>>;
  const Result<Call> call =
      Call::Start([path = path_, read_files = read_files_] { return read_files(path); });
  if (!call) return call.error();
  if (const Result<std::vector<TextFile>>* const files = call->Wait(attempt)) return *files;
  hanging_ = *call;
  return NoAnswer();
}

}  // namespace tocsin::collectors::host
