#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/metric.h"
#include "collectors/http/target.h"
#include "collectors/prometheus/collector.h"

namespace tocsin::collectors::prometheus {
namespace {

constexpr std::array kOwnOptions = {
    OptionDesc{"job_name", "text", "", "The label job of all samples; the instance's name."},
    OptionDesc{"scheme", "text", "http", "http or https."},
    OptionDesc{"metrics_path", "text", "/metrics", "The path of the targets' pages."},
    OptionDesc{"params", "map of lists", "{}", "Parameters of the targets' URLs."},
    OptionDesc{"honor_labels", "true/false", "false",
               "Whether a page's own labels win over those of its target; otherwise they are kept "
               "as exported_<name>."},
    OptionDesc{"honor_timestamps", "true/false", "true",
               "Whether samples are of the times that their page gives."},
    OptionDesc{"metric_relabel_configs", "list of rules", "[]",
               "Rules that rewrite the labels of series, or drop series, as in Prometheus."},
    OptionDesc{"rename", "map of texts", "{}",
               "Old and new names of families; comes before metric_relabel_configs."},
    OptionDesc{"sample_limit", "integer", "50000",
               "A page with more samples fails its scrape; 0 is no limit."},
    OptionDesc{"label_limit", "integer", "0",
               "A series with more labels fails its scrape; 0 is no limit."},
    OptionDesc{"label_name_length_limit", "integer", "0",
               "A label with a longer name, in bytes, fails its scrape; 0 is no limit."},
    OptionDesc{"label_value_length_limit", "integer", "0",
               "A label with a longer value, in bytes, fails its scrape; 0 is no limit."},
    OptionDesc{"body_size_limit", "size", "8MB", "A longer page fails its scrape."},
    OptionDesc{"expose", "true/false", "false",
               "Whether /metrics shows the samples, too; rules and queries see them anyway."},
};

constexpr std::int64_t kMostSamples = 10'000'000;
constexpr std::int64_t kMostLength = 1'000'000;
constexpr std::size_t kMostBodyBytes = std::size_t{1} << 30;

/// "8MB", "512KiB", "1000": as in Prometheus, KB is 1024 bytes, too.
std::optional<std::size_t> ParseBytes(std::string_view text) {
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [after, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{}) return std::nullopt;
  const std::string_view unit(after, static_cast<std::size_t>(end - after));
  constexpr std::array<std::pair<std::string_view, int>, 8> kUnits = {{{"", 0},
                                                                       {"B", 0},
                                                                       {"KB", 10},
                                                                       {"KiB", 10},
                                                                       {"MB", 20},
                                                                       {"MiB", 20},
                                                                       {"GB", 30},
                                                                       {"GiB", 30}}};
  for (const auto& [name, bits] : kUnits) {
    if (name == unit && number <= kMostBodyBytes >> bits) return number << bits;
  }
  return std::nullopt;
}

std::size_t ReadBodyLimit(YamlMap& options) {
  const std::string text = options.StringOr("body_size_limit", "");
  if (text.empty()) return kMostPageBytes;
  const std::optional<std::size_t> bytes = ParseBytes(text);
  if (bytes && *bytes > 0) return *bytes;
  options.Refuse("body_size_limit",
                 fmt::format("expected a size such as 8MB, at most 1GB, got \"{}\"", text));
  return kMostPageBytes;
}

std::vector<std::pair<std::string, std::string>> ReadParams(YamlMap& options) {
  std::vector<std::pair<std::string, std::string>> params;
  const YamlNode* const node = options.Node("params");
  if (node == nullptr) return params;
  YamlMap map(*node, options.diagnostics());
  for (const YamlEntry& entry : node->entries) {
    // As likely a token as not.
    for (const YamlNode& value : entry.value.items) options.diagnostics().NoteSecret(value.place);
    for (std::string& value : map.StringsOr(entry.key.text, {})) {
      params.emplace_back(entry.key.text, std::move(value));
    }
  }
  return params;
}

std::map<std::string, std::string, std::less<>> ReadRenames(YamlMap& options) {
  std::map<std::string, std::string, std::less<>> renames;
  for (auto& [from, to] : options.StringMap("rename")) {
    if (!IsMetricName(to)) {
      options.Refuse("rename", fmt::format("expected names of metrics, got \"{}\"", to));
    }
    renames.emplace(std::move(from), std::move(to));
  }
  return renames;
}

ScrapeRules ReadRules(YamlMap& options) {
  ScrapeRules rules;
  const auto limit = [&](std::string_view key, std::size_t otherwise, std::int64_t most) {
    return static_cast<std::size_t>(
        options.IntegerOr(key, static_cast<std::int64_t>(otherwise), 0, most));
  };
  rules.honor_labels = options.BoolOr("honor_labels", rules.honor_labels);
  rules.honor_timestamps = options.BoolOr("honor_timestamps", rules.honor_timestamps);
  rules.metric_relabel_configs = ReadRelabelRules(options, "metric_relabel_configs");
  rules.rename = ReadRenames(options);
  rules.sample_limit = limit("sample_limit", rules.sample_limit, kMostSamples);
  rules.label_limit = limit("label_limit", rules.label_limit, kMostLength);
  rules.label_name_length_limit =
      limit("label_name_length_limit", rules.label_name_length_limit, kMostLength);
  rules.label_value_length_limit =
      limit("label_value_length_limit", rules.label_value_length_limit, kMostLength);
  rules.audience = options.BoolOr("expose", false) ? Audience::kEverybody : Audience::kStore;
  return rules;
}

std::string ReadScheme(YamlMap& options) {
  std::string scheme = options.StringOr("scheme", "http");
  if (scheme != "http" && scheme != "https") {
    options.Refuse("scheme", fmt::format("expected http or https, got \"{}\"", scheme));
  }
  return scheme;
}

Settings ReadSettings(YamlMap& options) {
  Settings settings;
  settings.discovery = ReadDiscoveryOptions(options);
  settings.http = ReadHttpClientSettings(options);
  settings.http.max_answer_bytes = ReadBodyLimit(options);
  settings.job_name = options.StringOr("job_name", options.StringOr("name", "prometheus"));
  settings.scheme = ReadScheme(options);
  settings.metrics_path = options.StringOr("metrics_path", "/metrics");
  settings.params = ReadParams(options);
  settings.rules = ReadRules(options);
  return settings;
}

bool HasDiscovery(const YamlMap& options) {
  constexpr std::array<std::string_view, 4> kKeys = {"static_configs", "file_sd_configs",
                                                     "dns_sd_configs", "kubernetes_sd_configs"};
  for (const std::string_view key : kKeys) {
    if (options.Has(key)) return true;
  }
  return false;
}

}  // namespace

std::span<const OptionDesc> Options() {
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> all(kDiscoveryOptions.begin(), kDiscoveryOptions.end());
    all.insert(all.end(), kOwnOptions.begin(), kOwnOptions.end());
    all.insert(all.end(), kHttpClientOptions.begin(), kHttpClientOptions.end());
    return all;
  }();
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  Settings settings = ReadSettings(options);
  if (!HasDiscovery(options)) {
    options.diagnostics().Add(options.place(),
                              "expected static_configs, file_sd_configs, dns_sd_configs or "
                              "kubernetes_sd_configs, to say where the targets are");
  }
  return [settings = std::move(settings)](const Environment& environment) {
    return std::make_unique<PrometheusCollector>(settings, environment);
  };
}

}  // namespace tocsin::collectors::prometheus
