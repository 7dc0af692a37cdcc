#include "tests/support/source_directory.h"

namespace tocsin {

std::filesystem::path SourceDirectory() {
  return TOCSIN_SOURCE_DIR;
}

}  // namespace tocsin
