#include "base/http_options.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

/// Headers with options of their own, or that libcurl makes.
constexpr std::array<std::string_view, 12> kReservedHeaders = {
    "authorization",       "host",
    "content-length",      "content-type",
    "content-encoding",    "user-agent",
    "connection",          "keep-alive",
    "proxy-authenticate",  "www-authenticate",
    "proxy-authorization", "accept-encoding"};

/// Source: RFC 9110, section 5.6.2, "token".
bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kAllowed = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
  return !name.empty() && LowerCase(name).find_first_not_of(kAllowed) == std::string::npos;
}

HttpBasicAuth ReadBasicAuth(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap options(node, diagnostics);
  return {options.RequiredString("username"), options.SecretOf("password")};
}

HttpAuthorization ReadAuthorization(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap options(node, diagnostics);
  HttpAuthorization authorization;
  authorization.type = options.StringOr("type", authorization.type);
  if (EqualsIgnoringCase(authorization.type, "basic")) {
    options.Refuse("type", "expected another than Basic, which has the option basic_auth");
  } else if (!IsHeaderName(authorization.type)) {
    options.Refuse("type", "expected a word such as Bearer");
  }
  authorization.credentials = options.SecretOf("credentials");
  if (!authorization.credentials.is_set()) {
    diagnostics.Add(node.place, "expected credentials or credentials_file");
  }
  return authorization;
}

void ReadCredentials(YamlMap& options, HttpSettings& settings) {
  int ways = 0;
  if (const YamlNode* const node = options.Node("basic_auth")) {
    settings.basic_auth = ReadBasicAuth(*node, options.diagnostics());
    ++ways;
  }
  if (const YamlNode* const node = options.Node("authorization")) {
    settings.authorization = ReadAuthorization(*node, options.diagnostics());
    if (++ways > 1) options.Refuse("authorization", "expected only one way to authenticate");
  }
  SecretSource token = options.SecretOf("bearer_token");
  if (!token.is_set()) return;
  settings.authorization = HttpAuthorization{.credentials = std::move(token)};
  if (++ways > 1) options.Refuse("bearer_token", "expected only one way to authenticate");
}

/// One value of a header, which may come from elsewhere.
void AddValues(const std::string& name, const YamlNode& node, Diagnostics& diagnostics,
               std::vector<HttpHeader>& headers) {
  const auto add_inline = [&](const YamlNode& value) {
    if (value.kind != YamlNode::Kind::kScalar) {
      diagnostics.Add(value.place, "expected a text");
      return;
    }
    diagnostics.NoteSecret(value.place);
    if (value.text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      diagnostics.Add(value.place, "expected the value of a header: one line");
      return;
    }
    headers.push_back({name, SecretSource::Inline(Secret(value.text))});
  };
  if (node.kind == YamlNode::Kind::kScalar) return add_inline(node);
  YamlMap options(node, diagnostics);
  for (const std::string_view key : {"values", "secrets"}) {
    for (const YamlNode& value : options.List(key)) add_inline(value);
  }
  for (const YamlNode& file : options.List("files")) {
    const std::filesystem::path folder = std::filesystem::path(diagnostics.file()).parent_path();
    const std::filesystem::path path = folder / file.text;
    if (access(path.c_str(), R_OK) != 0) {
      diagnostics.Add(file.place, fmt::format("files: cannot read {}", path.string()));
    }
    headers.push_back({name, SecretSource::File(path)});
  }
}

std::vector<HttpHeader> ReadHeaders(YamlMap& options) {
  std::vector<HttpHeader> headers;
  const YamlNode* const node = options.Node("http_headers");
  if (node == nullptr) return headers;
  if (node->kind != YamlNode::Kind::kMap) options.Refuse("http_headers", "expected a map");
  for (const YamlEntry& entry : node->entries) {
    const std::string& name = entry.key.text;
    const std::string lower = LowerCase(name);
    if (!IsHeaderName(name)) {
      options.diagnostics().Add(entry.key.place, "http_headers: not the name of a header");
    } else if (std::find(kReservedHeaders.begin(), kReservedHeaders.end(), lower) !=
               kReservedHeaders.end()) {
      options.diagnostics().Add(entry.key.place,
                                fmt::format("http_headers: {} cannot be set this way", name));
    }
    AddValues(name, entry.value, options.diagnostics(), headers);
  }
  return headers;
}

void ReadProxy(YamlMap& options, HttpSettings& settings) {
  const std::string proxy = options.StringOr("proxy_url", "");
  settings.proxy_from_environment = options.BoolOr("proxy_from_environment", false);
  if (proxy.empty()) return;
  options.diagnostics().NoteSecret(options.PlaceOf("proxy_url"));
  settings.proxy_url = Secret(proxy);
  if (!HttpOrigin(proxy)) {
    options.Refuse("proxy_url", "expected a URL such as http://proxy.example.org:3128");
  } else if (settings.proxy_from_environment) {
    options.Refuse("proxy_from_environment", "expected either this or proxy_url");
  }
}

}  // namespace

HttpSettings ReadHttpSettings(YamlMap& options) {
  HttpSettings settings;
  ReadCredentials(options, settings);
  settings.tls = ReadTlsSettings(options);
  settings.headers = ReadHeaders(options);
  ReadProxy(options, settings);
  settings.follow_redirects = options.BoolOr("follow_redirects", settings.follow_redirects);
  return settings;
}

HttpTls ReadTlsSettings(YamlMap& parent, std::string_view key, HttpTls otherwise) {
  const YamlNode* const node = parent.Node(key);
  if (node == nullptr) return otherwise;
  YamlMap options(*node, parent.diagnostics());
  HttpTls tls;
  tls.ca_file = options.FileOf("ca_file");
  tls.cert_file = options.FileOf("cert_file");
  tls.key_file = options.FileOf("key_file");
  tls.insecure_skip_verify = options.BoolOr("insecure_skip_verify", false);
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    parent.Refuse(key, "cert_file and key_file are needed together");
  }
  return tls;
}

std::string ReadHttpUrl(YamlMap& options, std::string_view key) {
  std::string url = options.RequiredString(key);
  if (url.empty()) return url;
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t at = url.find('@', host);
  if (at < url.find_first_of("/?#", host)) {
    options.diagnostics().NoteSecret(options.PlaceOf(key));
    options.Refuse(key, "expected no user and password here: they belong into basic_auth");
  } else if (!HttpOrigin(url) || scheme == std::string::npos ||
             url.find_first_of(" \t\r\n") != std::string::npos) {
    options.Refuse(key, "expected a URL such as https://alerts.example.org:9093");
  }
  return url;
}

}  // namespace tocsin
