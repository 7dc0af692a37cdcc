// Where an HTTP server is and how to ask it: options of several collectors.

#pragma once

#include <array>
#include <string>

#include "base/http_client.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/collector.h"
#include "collectors/registry.h"

namespace tocsin::collectors {

/// One address and how its server is spoken to. Redirects are not followed unless the options ask
/// for it: what answers elsewhere is not what is watched.
struct HttpTarget {
  std::string url;
  HttpSettings settings;
};

/// The most of an answer's body that collectors read.
inline constexpr std::size_t kMostPageBytes = std::size_t{8} << 20;

/// Reads `url`, which must be there, and the keys of <http_config> beside it. Mistakes go to the
/// map's diagnostics.
HttpTarget ReadHttpTarget(YamlMap& map);
/// The keys of <http_config> alone, for collectors that find their addresses elsewhere.
HttpSettings ReadHttpClientSettings(YamlMap& map);

/// The keys that ReadHttpClientSettings() reads, for a collector's table of options.
inline constexpr std::array kHttpClientOptions = {
    OptionDesc{"basic_auth.username", "text", "", "The user to log in as, by HTTP Basic."},
    OptionDesc{"basic_auth.password", "secret", "",
               "Its password, or password_file: a file that is read again for each request."},
    OptionDesc{"authorization.type", "text", "Bearer", "The scheme of the Authorization header."},
    OptionDesc{"authorization.credentials", "secret", "",
               "Its credentials, such as a token, or credentials_file."},
    OptionDesc{"http_headers", "map of headers", "{}",
               "More headers: a text each, or values, secrets or files, as in Prometheus."},
    OptionDesc{"tls_config.ca_file", "text", "", "File of the certificate authorities to trust."},
    OptionDesc{"tls_config.cert_file", "text", "", "File of the client's certificate."},
    OptionDesc{"tls_config.key_file", "text", "", "File of the client's private key."},
    OptionDesc{"tls_config.insecure_skip_verify", "true/false", "false",
               "Whether to speak to a server whose certificate cannot be trusted."},
    OptionDesc{"proxy_url", "secret", "", "The HTTP proxy to go through."},
    OptionDesc{"proxy_from_environment", "true/false", "false",
               "Whether http_proxy, https_proxy and no_proxy count."},
    OptionDesc{"follow_redirects", "true/false", "false",
               "Whether to follow redirects on the same host."},
};

}  // namespace tocsin::collectors
