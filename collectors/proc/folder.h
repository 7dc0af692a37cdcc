// What is in a folder of /sys.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace tocsin::collectors {

enum class EntryKind { kAny, kFolder };

/// The names in a folder, sorted, without "." and ".."; at most `most`, beyond which it fails with
/// kTooLarge. Fails like KeptFile otherwise. With kFolder, only those of folders.
Result<std::vector<std::string>> ListFolder(const FileDescriptor& folder, std::size_t most,
                                            EntryKind kind = EntryKind::kAny);

}  // namespace tocsin::collectors
