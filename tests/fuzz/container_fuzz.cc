// Any path of a control group, any file in it, and any file of Docker is read or refused.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "collectors/container/group_path.h"
#include "collectors/container/group_reader.h"
#include "collectors/container/names.h"
#include "collectors/container/start_times.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::collectors::container;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<PathIdentity> identity = IdentifyGroup(text);
  if (identity && (identity->container_id.size() != 64 || identity->pod_uid.size() > 36)) {
    std::abort();
  }
  const auto limit = ParseMemoryLimit(text);
  if (limit && *limit < 0) std::abort();
  static_cast<void>(ParseCpuMax(text));
  static_cast<void>(ParseStartTicks(text));
  static_cast<void>(ParseLogName(text));
  static_cast<void>(ParseDockerConfig(text));
  return 0;
}
