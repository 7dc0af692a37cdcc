#include "collectors/proc/net_dev.h"

#include "collectors/proc/fields.h"

namespace tocsin::collectors {
namespace {

constexpr int kHeadingLines = 2;

Result<NetDevice> ParseLine(std::string_view line) {
  // The last colon: aliases have one in their name, and old kernels no blank behind it.
  const std::size_t colon = line.rfind(':');
  if (colon == std::string_view::npos) return Malformed("a device and a colon", line);
  NetDevice device{.name = Trimmed(line.substr(0, colon))};
  if (device.name.empty()) return Malformed("a device before the colon", line);
  std::string_view rest = line.substr(colon + 1);
  for (double& column : device.columns) {
    const std::optional<std::uint64_t> number = ParseCount(TakeWord(rest));
    if (!number) return Malformed("16 numbers", line);
    column = static_cast<double>(*number);
  }
  return device;
}

}  // namespace

Result<std::vector<NetDevice>> ParseNetDev(std::string_view text) {
  for (int i = 0; i < kHeadingLines; ++i) {
    const std::optional<std::string_view> line = TakeLine(text);
    if (!line || line->find('|') == std::string_view::npos) {
      return Malformed("the heading of /proc/net/dev", line.value_or(""));
    }
  }
  std::vector<NetDevice> devices;
  while (const auto line = TakeLine(text)) {
    if (Trimmed(*line).empty()) continue;
    const Result<NetDevice> device = ParseLine(*line);
    if (!device) return device.error();
    devices.push_back(*device);
  }
  return devices;
}

}  // namespace tocsin::collectors
