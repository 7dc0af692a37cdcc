// /proc/net/dev: what each network device has sent and received.

#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::collectors {

/// The columns that are read, by their place in the line.
enum class NetColumn {
  kReceivedBytes = 0,
  kReceivedPackets = 1,
  kReceiveErrors = 2,
  kReceiveDrops = 3,
  kSentBytes = 8,
  kSentPackets = 9,
  kSendErrors = 10,
  kSendDrops = 11,
};
inline constexpr std::size_t kNetColumns = 16;

struct NetDevice {
  std::string_view name;  ///< May hold a colon: "eth0:1". A view into the text.
  std::array<double, kNetColumns> columns{};
};

/// Parses the text of /proc/net/dev. Fails with kCorrupt if it does not begin with its heading, or
/// a device's line makes no sense. Source: proc(5).
Result<std::vector<NetDevice>> ParseNetDev(std::string_view text);

}  // namespace tocsin::collectors
