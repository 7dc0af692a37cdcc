#include "collectors/http/probe.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "base/number.h"
#include "collectors/http/target.h"

namespace tocsin::collectors::http {
namespace {

constexpr MetricDesc kSuccess = {"probe_success",
                                 MetricType::kGauge,
                                 "1 if the target answered as expected, else 0.",
                                 {"target"}};
constexpr MetricDesc kFailedDueTo = {
    "probe_failed_due_to",
    MetricType::kGauge,
    "1 for the first reason why the probe failed, absent while it succeeds: no answer (connect, "
    "timeout, auth, parse, truncated, other), or not the expected one.",
    {"target", "reason"}};
constexpr MetricDesc kFailedDueToRegex = {
    "probe_failed_due_to_regex",
    MetricType::kGauge,
    "1 if the probe failed because of a regular expression for the body, else 0.",
    {"target"}};
constexpr MetricDesc kDuration = {"probe_duration_seconds",
                                  MetricType::kGauge,
                                  "How long the probe took, redirects included.",
                                  {"target"}};
constexpr MetricDesc kLookup = {"probe_dns_lookup_time_seconds",
                                MetricType::kGauge,
                                "How long it took to look up the name of the server.",
                                {"target"}};
constexpr MetricDesc kPhase = {"probe_http_duration_seconds",
                               MetricType::kGauge,
                               "How long each phase of the probe took: resolve, connect, tls, "
                               "processing (until the first byte) and transfer.",
                               {"target", "phase"}};
constexpr MetricDesc kStatusCode = {"probe_http_status_code",
                                    MetricType::kGauge,
                                    "Status of the answer; 0 without an answer.",
                                    {"target"}};
constexpr MetricDesc kContentLength = {"probe_http_content_length",
                                       MetricType::kGauge,
                                       "Bytes of the body as the answer announced them.",
                                       {"target"}};
constexpr MetricDesc kBodyLength = {"probe_http_uncompressed_body_length",
                                    MetricType::kGauge,
                                    "Bytes of the body that was read.",
                                    {"target"}};
constexpr MetricDesc kRedirects = {
    "probe_http_redirects", MetricType::kGauge, "How many redirects were followed.", {"target"}};
constexpr MetricDesc kSsl = {"probe_http_ssl",
                             MetricType::kGauge,
                             "1 if the last answer came over TLS, else 0.",
                             {"target"}};
constexpr MetricDesc kHttpVersion = {
    "probe_http_version", MetricType::kGauge, "Version of HTTP of the answer.", {"target"}};
constexpr MetricDesc kIpProtocol = {"probe_ip_protocol",
                                    MetricType::kGauge,
                                    "Version of IP of the connection: 4 or 6.",
                                    {"target"}};
constexpr MetricDesc kCertExpiry = {
    "probe_ssl_earliest_cert_expiry",
    MetricType::kGauge,
    "Unix time at which the first of the certificates ends that the server sent, also when they "
    "were not trusted.",
    {"target"}};
constexpr MetricDesc kChainExpiry = {"probe_ssl_last_chain_expiry_timestamp_seconds",
                                     MetricType::kGauge,
                                     "Unix time at which the chain to a trusted certificate ends.",
                                     {"target"}};
constexpr MetricDesc kTlsVersion = {"probe_tls_version_info",
                                    MetricType::kGauge,
                                    "Version of TLS of the connection; always 1.",
                                    {"target", "version"}};
constexpr MetricDesc kJsonValue = {
    "probe_json_value",
    MetricType::kGauge,
    "A member of the JSON body: a number as it is, true as 1, false as 0.",
    {"target", "member"}};

constexpr std::array kMetrics = {
    kSuccess,    kFailedDueTo,   kFailedDueToRegex, kDuration,   kLookup,    kPhase,
    kStatusCode, kContentLength, kBodyLength,       kRedirects,  kSsl,       kHttpVersion,
    kIpProtocol, kCertExpiry,    kChainExpiry,      kTlsVersion, kJsonValue,
};

/// Most members that "*" shows.
constexpr std::size_t kMostMembers = 100;

void PublishPhases(std::string_view target, const HttpTrace::Phases& phases, MetricSink& points) {
  const std::array<std::pair<std::string_view, double>, 5> all = {{
      {"resolve", phases.lookup},
      {"connect", phases.connect},
      {"tls", phases.tls},
      {"processing", phases.processing},
      {"transfer", phases.transfer},
  }};
  double total = 0;
  for (const auto& [phase, seconds] : all) {
    points.Add(kPhase, {target, phase}, seconds);
    total += seconds;
  }
  points.Add(kDuration, {target}, total);
  points.Add(kLookup, {target}, phases.lookup);
}

/// "TLS 1.3" of OpenSSL's "TLSv1.3".
std::string TlsVersionName(std::string version) {
  if (const std::size_t v = version.find('v'); v != std::string::npos) version[v] = ' ';
  return version;
}

void PublishPeer(std::string_view target, const TlsPeer& peer, MetricSink& points) {
  if (peer.expires) points.Add(kCertExpiry, {target}, UnixSeconds(*peer.expires));
  if (peer.chain_expires) points.Add(kChainExpiry, {target}, UnixSeconds(*peer.chain_expires));
  if (!peer.version.empty()) points.Add(kTlsVersion, {target, TlsVersionName(peer.version)}, 1);
}

void PublishAnswer(std::string_view target, const HttpAnswer& answer, const HttpTrace& trace,
                   MetricSink& points) {
  const std::optional<double> announced = ParseNumber(std::string(answer.Header("Content-Length")));
  if (announced) points.Add(kContentLength, {target}, *announced);
  points.Add(kBodyLength, {target}, static_cast<double>(answer.body.size()));
  points.Add(kRedirects, {target}, trace.redirects);
  points.Add(kSsl, {target}, trace.is_tls ? 1 : 0);
  if (const auto version = ParseNumber(trace.http_version)) {
    points.Add(kHttpVersion, {target}, *version);
  }
}

std::optional<double> GaugeOf(const boost::json::value& value) {
  if (value.is_bool()) return value.get_bool() ? 1 : 0;
  if (!value.is_number()) return std::nullopt;
  return value.to_number<double>();
}

void PublishMembers(std::string_view target, const std::vector<ShownMember>& members,
                    const boost::json::value& document, MetricSink& points) {
  for (const ShownMember& member : members) {
    std::vector<JsonPath::Found> found = member.path.Find(document);
    if (found.size() > kMostMembers) found.resize(kMostMembers);
    for (const auto& [name, value] : found) {
      const std::optional<double> number = GaugeOf(*value);
      if (!number) continue;
      points.Add(kJsonValue, {target, member.name.empty() ? name : member.name}, *number);
    }
  }
}

bool NeedsJson(const ProbeSettings& settings) {
  return !settings.members.empty() || !settings.expectation.json.empty();
}

ShownMember ReadShownMember(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap map(node, diagnostics);
  ShownMember member;
  const std::string text = map.RequiredString("path");
  if (Result<JsonPath> path = JsonPath::Parse(text)) {
    member.path = std::move(*path);
  } else if (!text.empty()) {
    map.Refuse("path", path.error().message);
  }
  member.name = map.StringOr("member", "");
  if (!member.name.empty() && member.path.HasWildcard()) {
    map.Refuse("member", "expected none beside a path with *: its members have names");
  }
  return member;
}

std::string ReadMethod(YamlMap& map, const std::string& otherwise) {
  std::string method = map.StringOr("method", otherwise);
  const bool is_word = !method.empty() && std::all_of(method.begin(), method.end(),
                                                      [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!is_word) map.Refuse("method", "expected a method such as GET or POST");
  return method;
}

}  // namespace

std::span<const MetricDesc> ProbeMetrics() {
  return kMetrics;
}

std::optional<Fault> PublishProbe(std::string_view target, const ProbeSettings& settings,
                                  const HttpOutcome& outcome, MetricSink& points) {
  const Result<HttpAnswer>& answer = outcome.answer;
  std::optional<Fault> fault;
  if (answer) {
    const auto document = NeedsJson(settings) ? ParseJson(answer->body) : std::nullopt;
    fault = FindFault(*answer, settings.expectation, document ? &*document : nullptr);
    PublishAnswer(target, *answer, outcome.trace, points);
    if (document) PublishMembers(target, settings.members, *document, points);
  } else {
    fault = Fault{ReasonOf(answer.error().code), answer.error().message};
  }
  points.Add(kSuccess, {target}, fault ? 0 : 1);
  // A zero for each of the other reasons would be most of what is kept of a target.
  if (fault) points.Add(kFailedDueTo, {target, fault->reason}, 1);
  points.Add(kFailedDueToRegex, {target}, fault && fault->reason == "body" ? 1 : 0);
  points.Add(kStatusCode, {target}, answer ? answer->status : 0);
  if (outcome.trace.ip_version != 0) points.Add(kIpProtocol, {target}, outcome.trace.ip_version);
  PublishPhases(target, outcome.trace.phases, points);
  if (outcome.trace.peer) PublishPeer(target, *outcome.trace.peer, points);
  return fault;
}

ProbeSettings ReadProbeSettings(YamlMap& map) {
  ProbeSettings settings;
  settings.http = ReadHttpClientSettings(map);
  settings.method = ReadMethod(map, settings.method);
  settings.body = map.StringOr("body", "");
  settings.body_content_type = map.StringOr("body_content_type", settings.body_content_type);
  settings.timeout = map.PositiveDurationOr("timeout", settings.timeout);
  if (const YamlNode* const node = map.Node("expect")) {
    YamlMap expect(*node, map.diagnostics());
    settings.expectation = ReadExpectation(expect);
  }
  for (const YamlNode& node : map.List("values")) {
    settings.members.push_back(ReadShownMember(node, map.diagnostics()));
  }
  return settings;
}

}  // namespace tocsin::collectors::http
