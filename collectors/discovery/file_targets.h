// Targets from files: `file_sd_configs`.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/discovery/target_source.h"

namespace tocsin::collectors {

/// One entry of `file_sd_configs`.
struct FileTargetsOptions {
  std::vector<std::string> files = {};  ///< Absolute, or from the working folder; may hold globs.
  Duration refresh_interval = std::chrono::minutes(5);
};

/// Mistakes are reported.
/// Source: Prometheus' documentation, "Configuration", <file_sd_config>.
FileTargetsOptions ReadFileTargetsOptions(const YamlNode& node, Diagnostics& diagnostics);

/// Reads files of target groups, in YAML or JSON, when they change, and adds the label
/// `__meta_filepath`.
///
/// A file that cannot be read, or has mistakes, keeps its last good targets. So does one that is
/// missing, if it is named without a glob; one that a glob no longer finds takes its targets along.
/// One thread at a time.
class FileTargets final : public TargetSource {
 public:
  /// `clock` must outlive it.
  FileTargets(FileTargetsOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  Status Refresh(const Attempt& attempt) override;
  void AppendTargets(std::vector<Labels>& targets) const override;
  std::uint64_t changes() const override { return changes_; }

 private:
  /// What tells a changed file from an unchanged one.
  struct Mark {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t bytes = 0;
    std::int64_t changed_seconds = 0;
    std::int64_t changed_nanoseconds = 0;

    friend bool operator==(const Mark&, const Mark&) = default;
  };
  struct File {
    std::optional<Mark> mark;
    SteadyPoint read_at{};
    Status outcome;
    std::vector<Labels> targets;
  };

  static Result<Mark> MarkOf(const std::string& path);
  void RefreshFile(const std::string& path, File& file);

  const FileTargetsOptions options_;
  const Clock& clock_;
  std::map<std::string, File> files_;
  std::uint64_t changes_ = 0;
};

}  // namespace tocsin::collectors
