// Where the sources are that the test program was built from.

#pragma once

#include <filesystem>

namespace tocsin {

/// The root of the repository: for tests that read files of it, such as tests/fixtures.
std::filesystem::path SourceDirectory();

}  // namespace tocsin
