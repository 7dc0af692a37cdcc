// The folder of what must survive a restart.

#pragma once

#include <filesystem>

#include "base/result.h"

namespace tocsin {

/// Where collectors keep their state: storage/"collectors".
std::filesystem::path StateFolder(const std::filesystem::path& storage);

/// Where the history of samples is: storage/"samples".
std::filesystem::path SamplesFolder(const std::filesystem::path& storage);

/// Where alerts are kept, and the history of their changes: storage/"alerts.db".
std::filesystem::path AlertsFile(const std::filesystem::path& storage);

/// Where the notifier keeps what it must not forget: storage/"notify.db".
std::filesystem::path NotifyFile(const std::filesystem::path& storage);

/// Makes the folders below `storage` that are missing, readable by their owner only. Fails with
/// kUnavailable if that does not work or nothing can be written there: counters are promised to
/// survive restarts, and a promise that cannot be kept is refused at once. An empty path keeps
/// nothing and is always good.
Status PrepareStorage(const std::filesystem::path& storage);

/// Whether PrepareStorage() would work for this user, as far as can be told without writing.
Status CheckStorage(const std::filesystem::path& storage);

}  // namespace tocsin
