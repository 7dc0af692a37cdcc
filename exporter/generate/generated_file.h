// What `tocsin generate` makes, before and while it is written.

#pragma once

#include <filesystem>
#include <iosfwd>
#include <span>
#include <string>

#include "base/result.h"

namespace tocsin::generate {

/// One file to write.
struct GeneratedFile {
  std::string path;  ///< Below the folder that the user names, with '/': "optional/x.yaml".
  std::string text;
};

/// Writes the files below `folder`, which is made if it is not there, and says of each on `report`
/// whether it was "written" or "unchanged". A file is replaced all or nothing, and one that already
/// holds its text is not touched. Fails at the first that cannot be written; those before it stand.
Status WriteGeneratedFiles(std::span<const GeneratedFile> files,
                           const std::filesystem::path& folder, std::ostream& report);

}  // namespace tocsin::generate
