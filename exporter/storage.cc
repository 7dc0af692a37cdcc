#include "exporter/storage.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace tocsin {
namespace {

Error CannotKeep(const std::filesystem::path& folder, const std::error_code& error) {
  return {ErrorCode::kUnavailable,
          fmt::format("storage.path: cannot keep state in {}: {} (:memory: keeps none)",
                      folder.string(), error.message())};
}

/// Whether this process may make files in `folder`; also says no for a read-only file system.
Status CheckWritable(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return CannotKeep(folder, error ? error : std::make_error_code(std::errc::not_a_directory));
  }
  if (faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return CannotKeep(folder, {errno, std::generic_category()});
}

}  // namespace

std::filesystem::path StateFolder(const std::filesystem::path& storage) {
  return storage / "collectors";
}

std::filesystem::path SamplesFolder(const std::filesystem::path& storage) {
  return storage / "samples";
}

std::filesystem::path AlertsFile(const std::filesystem::path& storage) {
  return storage / "alerts.db";
}

std::filesystem::path NotifyFile(const std::filesystem::path& storage) {
  return storage / "notify.db";
}

Status PrepareStorage(const std::filesystem::path& storage) {
  if (storage.empty()) return {};
  const std::filesystem::path folder = StateFolder(storage);
  std::error_code error;
  if (std::filesystem::create_directories(folder, error)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  if (error) return CannotKeep(folder, error);
  return CheckWritable(folder);
}

Status CheckStorage(const std::filesystem::path& storage) {
  if (storage.empty()) return {};
  std::error_code error;
  std::filesystem::path nearest = std::filesystem::absolute(StateFolder(storage), error);
  if (error) return CannotKeep(storage, error);
  while (nearest.has_relative_path() &&
         std::filesystem::status(nearest, error).type() == std::filesystem::file_type::not_found) {
    nearest = nearest.parent_path();
  }
  return CheckWritable(nearest);
}

}  // namespace tocsin
