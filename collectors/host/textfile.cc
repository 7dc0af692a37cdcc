#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "collectors/host/collector.h"
#include "collectors/host/parts.h"
#include "collectors/host/textfile_folder.h"
#include "collectors/prometheus/page.h"
#include "collectors/prometheus/pass_through.h"

namespace tocsin::collectors::host {
namespace {

constexpr MetricDesc kScrapeError = {
    "node_textfile_scrape_error", MetricType::kGauge,
    "1 if the folder, or a file in it, could not be read, is no page of metrics or has series that "
    "another file has, too, else 0."};
constexpr MetricDesc kMtime = {"node_textfile_mtime_seconds",
                               MetricType::kGauge,
                               "Unix time at which a file that was read was last written.",
                               {"file"}};
constexpr std::array kMetrics = {kScrapeError, kMtime};

/// The page in `text`, if a program may have meant all of it. A file is written by a job of this
/// host, and one that is broken is more likely half-written than sloppy: better none of it.
Result<Page> ParseWhole(const std::string& text) {
  if (!text.empty() && !text.ends_with('\n')) {
    return Error{ErrorCode::kCorrupt, "its last line has no end"};
  }
  Result<Page> page = ParsePage(text);
  if (!page) return page.error();
  const PageFaults& faults = page->faults;
  if (faults.bad_lines > 0 || faults.unknown_types > 0) {
    return Error{ErrorCode::kCorrupt, faults.first};
  }
  if (faults.duplicates > 0) return Error{ErrorCode::kCorrupt, "a series stands in it twice"};
  if (faults.overflow > 0) return Error{ErrorCode::kTooLarge, "it has too many samples"};
  for (const PageFamily& family : page->families) {
    const auto has_time = [](const PageSample& sample) { return sample.timestamp_ms.has_value(); };
    if (std::any_of(family.samples.begin(), family.samples.end(), has_time)) {
      return Error{ErrorCode::kCorrupt, family.name + " has timestamps, which cannot be kept"};
    }
  }
  return page;
}

/// Source: node_exporter 1.8, collector/textfile.go.
class Textfile final : public Part {
 public:
  explicit Textfile(const std::filesystem::path& directory)
      : directory_(directory), folder_(directory), passed_(Metrics()) {}

  Status Read(const Attempt& attempt, MetricSink& points) override {
    Status read = ReadFiles(HalfOf(attempt), points);
    passed_.Finish(points);
    points.Add(kScrapeError, {}, read ? 0 : 1);
    return read;
  }

  bool HasReadSome() const override { return is_there_; }

 private:
  Status ReadFiles(const Attempt& attempt, MetricSink& points) {
    const Result<std::vector<TextFile>> files = folder_.Read(attempt);
    is_there_ = static_cast<bool>(files);
    if (!files) return files.error();
    Status worst;
    for (const TextFile& file : *files) {
      if (attempt.stop.stop_requested()) return Error{ErrorCode::kTimeout, "no time was left"};
      Status added = AddFile(file, points);
      if (!added && worst) worst = added.error().Within(file.name);
    }
    return worst;
  }

  Status AddFile(const TextFile& file, MetricSink& points) {
    if (!file.text) return file.text.error();
    const Result<Page> page = ParseWhole(*file.text);
    if (!page) return page.error();
    std::size_t dropped = 0;
    for (const PageFamily& family : page->families) dropped += passed_.Add(family);
    points.Add(kMtime, {(directory_ / file.name).string()}, file.written);
    if (dropped == 0) return {};
    return Error{ErrorCode::kCorrupt,
                 fmt::format("{} of its samples are left out: another file or this collector has "
                             "them, or their metric with another type",
                             dropped)};
  }

  const std::filesystem::path directory_;
  TextfileFolder folder_;
  PassThrough passed_;
  bool is_there_ = false;  // When last looked at.
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  if (settings.textfile_directory.empty()) return nullptr;
  return std::make_unique<Textfile>(settings.textfile_directory);
}

}  // namespace

PartKind TextfilePart() {
  return {"textfile", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
