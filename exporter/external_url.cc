#include "exporter/external_url.h"

#include <unistd.h>

#include <array>

namespace tocsin {

std::string ExternalAddress(std::string_view external_url, const std::vector<std::string>& listen) {
  if (const std::size_t scheme = external_url.find("://"); scheme != std::string_view::npos) {
    const std::string_view rest = external_url.substr(scheme + 3);
    return std::string(rest.substr(0, rest.find('/')));
  }
  const std::string& address = listen.front();
  for (const std::string_view everywhere : {"0.0.0.0:", "[::]:"}) {
    if (!address.starts_with(everywhere)) continue;
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) break;
    return std::string(name.data()) + ":" + address.substr(everywhere.size());
  }
  return address;
}

std::string ExternalUrl(const Config& config, const std::string& address) {
  std::string url = config.server.external_url;
  if (url.empty()) return "http://" + address;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace tocsin
