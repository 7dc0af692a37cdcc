#include "collectors/discovery/file_targets.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "collectors/discovery/target_group.h"

namespace tocsin::collectors {
namespace {

constexpr std::string_view kFilePathLabel = "__meta_filepath";
constexpr std::size_t kMostFileBytes = std::size_t{16} << 20;

bool HasGlob(std::string_view path) {
  return path.find_first_of("*?[") != std::string_view::npos;
}

/// The files that a path names, in order; itself if it is no glob.
Result<std::vector<std::string>> FilesMatching(const std::string& path) {
  if (!HasGlob(path)) return std::vector{path};
  glob_t found = {};
  // Unsafe only where it expands "~user" by the password file, which it is not asked to.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const int outcome = ::glob(path.c_str(), GLOB_ERR | GLOB_PERIOD, nullptr, &found);
  const std::unique_ptr<glob_t, decltype(&::globfree)> freer(&found, &::globfree);
  if (outcome == GLOB_NOMATCH) return std::vector<std::string>();
  if (outcome != 0) {
    return Error{ErrorCode::kUnavailable,
                 path + ": cannot read the folder: " + std::generic_category().message(errno)};
  }
  return std::vector<std::string>(found.gl_pathv, found.gl_pathv + found.gl_pathc);
}

/// The first of the mistakes, which has the file's name and the place.
Error FirstMistake(const Diagnostics& mistakes) {
  const std::string text = mistakes.Text();
  return {ErrorCode::kCorrupt, text.substr(0, text.find('\n'))};
}

Result<std::vector<Labels>> ReadTargets(const std::string& path) {
  const Result<std::string> text = ReadFile(path, kMostFileBytes);
  if (!text) return text.error();
  Diagnostics diagnostics(path);
  const std::optional<YamlNode> root = ParseYaml(*text, diagnostics);  // JSON is YAML, too.
  std::vector<Labels> targets;
  if (root && root->kind == YamlNode::Kind::kList) {
    for (const YamlNode& group : root->items) ReadTargetGroup(group, diagnostics, targets);
  } else if (root) {
    // An empty file may be one that is being written: it does not say that there are no targets.
    diagnostics.Add(root->place, "expected a list of maps with targets and labels");
  }
  if (!diagnostics.empty()) return FirstMistake(diagnostics);
  for (Labels& target : targets) {
    target = LabelsBuilder(target).Set(kFilePathLabel, path).Build();
  }
  return targets;
}

/// Source: Prometheus' documentation, <file_sd_config>, <filename_pattern>.
bool IsTargetsPath(std::string_view path) {
  constexpr std::array<std::string_view, 3> kEndings = {".json", ".yml", ".yaml"};
  const std::string lower = LowerCase(path);
  const std::size_t glob = path.find_first_of("*?[");
  const bool globs_folders =
      glob != std::string_view::npos && path.find('/', glob) != std::string_view::npos;
  return !globs_folders && std::any_of(kEndings.begin(), kEndings.end(),
                                       [&](auto ending) { return lower.ends_with(ending); });
}

}  // namespace

FileTargetsOptions ReadFileTargetsOptions(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap map(node, diagnostics);
  FileTargetsOptions options;
  const std::filesystem::path folder = std::filesystem::path(diagnostics.file()).parent_path();
  for (const std::string& file : map.StringsOr("files", {})) {
    if (!IsTargetsPath(file)) {
      map.Refuse("files",
                 "expected a path that ends in .json, .yml or .yaml, with * in its last part only");
    }
    options.files.push_back((folder / file).string());  // An absolute path stays as it is.
  }
  if (options.files.empty()) diagnostics.Add(map.PlaceOf("files"), "expected at least one file");
  options.refresh_interval = map.PositiveDurationOr("refresh_interval", options.refresh_interval);
  return options;
}

Result<FileTargets::Mark> FileTargets::MarkOf(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) {
    const ErrorCode code = errno == ENOENT || errno == ENOTDIR ? ErrorCode::kNotFound
                           : errno == EACCES                   ? ErrorCode::kDenied
                                                               : ErrorCode::kUnavailable;
    return Error{code, path + ": " + std::generic_category().message(errno)};
  }
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::kInvalidInput, path + ": is no file"};
  // The time of the last change of anything, since that of the contents can be set at will.
  return Mark{.device = status.st_dev,
              .inode = status.st_ino,
              .bytes = status.st_size,
              .changed_seconds = status.st_ctim.tv_sec,
              .changed_nanoseconds = status.st_ctim.tv_nsec};
}

void FileTargets::RefreshFile(const std::string& path, File& file) {
  const Result<Mark> mark = MarkOf(path);
  if (!mark) {
    file.outcome = mark.error();
    file.mark.reset();
    return;
  }
  const SteadyPoint now = clock_.SteadyNow();
  if (file.mark == *mark && now - file.read_at < options_.refresh_interval) return;
  file.mark = *mark;
  file.read_at = now;
  Result<std::vector<Labels>> targets = ReadTargets(path);
  file.outcome = targets ? Status() : targets.error();
  if (!targets || *targets == file.targets) return;
  file.targets = std::move(*targets);
  ++changes_;
}

Status FileTargets::Refresh(const Attempt& attempt) {
  Status outcome;
  std::map<std::string, File> files;
  for (const std::string& pattern : options_.files) {
    if (attempt.stop.stop_requested()) return Error{ErrorCode::kUnavailable, "stopped"};
    const Result<std::vector<std::string>> paths = FilesMatching(pattern);
    if (!paths) {
      if (outcome) outcome = paths.error();
      for (auto& [path, file] : files_) files.try_emplace(path, file);  // Nobody knows better.
      continue;
    }
    for (const std::string& path : *paths) {
      const auto [entry, is_new] = files.try_emplace(path);
      if (const auto known = files_.find(path); is_new && known != files_.end()) {
        entry->second = known->second;
      }
      RefreshFile(path, entry->second);
      if (!entry->second.outcome && outcome) outcome = entry->second.outcome;
    }
  }
  const auto has_gone = [&](const auto& known) {
    return !known.second.targets.empty() && !files.contains(known.first);
  };
  if (std::any_of(files_.begin(), files_.end(), has_gone)) ++changes_;
  files_ = std::move(files);
  return outcome;
}

void FileTargets::AppendTargets(std::vector<Labels>& targets) const {
  for (const auto& [path, file] : files_) {
    targets.insert(targets.end(), file.targets.begin(), file.targets.end());
  }
}

}  // namespace tocsin::collectors
