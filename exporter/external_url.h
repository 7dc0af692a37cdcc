// How others reach this server.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exporter/config.h"

namespace tocsin {

/// host:port: that of the external URL, else the first address listened on, with the machine's name
/// in the place of "all addresses". `listen` has one at least.
std::string ExternalAddress(std::string_view external_url, const std::vector<std::string>& listen);

/// `server.external_url` without a slash at the end, or "http://" and `address`.
std::string ExternalUrl(const Config& config, const std::string& address);

}  // namespace tocsin
