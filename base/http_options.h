// How a server is spoken to, as the configuration says it.

#pragma once

#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/yaml.h"

namespace tocsin {

/// Reads the keys of Prometheus' <http_config> from `options`, which may have others, too:
/// `basic_auth`, `authorization` (or `bearer_token`), `tls_config`, `http_headers`, `proxy_url`,
/// `proxy_from_environment`, `follow_redirects`. The value of a header may also stand there as it
/// is, without a map. Mistakes are reported; secrets are noted as such.
/// Source: Prometheus' documentation, "Configuration", <http_config>.
HttpSettings ReadHttpSettings(YamlMap& options);

/// Prometheus' <tls_config> at `key`, or `otherwise`. Mistakes are reported.
HttpTls ReadTlsSettings(YamlMap& parent, std::string_view key = "tls_config",
                        HttpTls otherwise = {});

/// The URL at `key`, which must be there: http or https, with a host, and without a user (which
/// belongs into `basic_auth`). Mistakes are reported without showing what is there.
std::string ReadHttpUrl(YamlMap& options, std::string_view key);

}  // namespace tocsin
