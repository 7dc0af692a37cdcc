// `tocsin demo`: something to watch where there is nothing to watch yet.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"

namespace tocsin {

struct DemoOptions {
  std::filesystem::path folder;  ///< Becomes the DAGSTER_HOME of what is played; made if missing.
  std::uint64_t seed = 20'260'101;  ///< The same seed, times and empty folder give the same rows.
  std::function<void()> started;  ///< Called once the files are there and up to date; may be empty.
};

/// Plays a Dagster instance into `options.folder`, in the files and tables of Dagster's default
/// SQLite storage, until `stop`. Its sensor daemon is dead from the start, until ReviveDemo(). A
/// folder that a demo has played in before is played on.
///
/// Fails with kInvalidInput if another demo plays in that folder, otherwise as SqliteDatabase does.
/// Waits for the disk.
Status RunDemo(const DemoOptions& options, const Clock& clock, const Log& log,
               const std::stop_token& stop);

/// Asks the demo that plays in `folder`, in whatever process, to bring its dead daemon back to
/// life; it does so within a second or two. Fails with kNotFound if none plays there.
Status ReviveDemo(const std::filesystem::path& folder);

/// Whether a demo plays in `folder`, in whatever process.
bool IsDemoRunning(const std::filesystem::path& folder);

}  // namespace tocsin
