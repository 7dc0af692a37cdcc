#include "exporter/config.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

#include <boost/test/unit_test.hpp>

#include "base/duration.h"
#include "collectors/registry.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

using collectors::CollectorEntry;
using collectors::Environment;
using collectors::MakeCollector;

constexpr std::array kProbeMetrics = {
    MetricDesc{"probe_up", MetricType::kGauge, "Whether it answered.", {"target"}},
};

/// A collector with one option, so that the tests do not depend on what real ones want.
MakeCollector ConfigureProbe(YamlMap& options) {
  options.RequiredString("url");
  options.SecretOf("password");
  return [](const Environment&) { return nullptr; };
}

MakeCollector ConfigureHost(YamlMap&) {
  return [](const Environment&) { return nullptr; };
}

constexpr std::array kKinds = {
    CollectorEntry{"host", "The machine.", {}, {}, &ConfigureHost},
    CollectorEntry{"probe", "Asks a URL.", {}, kProbeMetrics, &ConfigureProbe},
};

Result<Config> Parse(std::string_view text) {
  return ParseConfig(text, "/etc/tocsin/t.yaml", kKinds);
}

struct Refused {
  std::string_view name;
  std::string_view yaml;
  std::string_view diagnostics;  ///< Each line stands behind "/etc/tocsin/t.yaml:".
};

constexpr std::array kRefused = {
    Refused{"NotYaml", "global: [", "1:1: not YAML: end of sequence flow not found"},
    Refused{"NotAMap", "- a", "1:1: expected a map of options, got a list"},
    Refused{"UnknownKey", "golbal: {}", "1:1: unknown key \"golbal\" (did you mean \"global\"?)"},
    Refused{"UnknownKeyLikeNoOther", "xyzzy: {}",
            "1:1: unknown key \"xyzzy\" (known here: global, server, storage, promql, rules, "
            "rule_policies, rule_files, notify, collectors)"},
    Refused{"DuplicateKey", "global: {}\nglobal: {}", "2:1: duplicate key \"global\""},
    Refused{"ReservedForLater", "remote: {queue: 1}",
            "1:1: \"remote\" is reserved: this version of tocsin does not have it yet"},
    Refused{"ReservedWithoutValue", "cluster:",
            "1:1: \"cluster\" is reserved: this version of tocsin does not have it yet"},
    Refused{"BadDuration", "global:\n  collection_interval: 15",
            "2:24: collection_interval: expected a duration such as 15s or 1h30m, got '15'"},
    Refused{"ZeroInterval", "global: {collection_interval: 0s}",
            "1:31: collection_interval: expected a duration above 0"},
    Refused{"ZeroEvaluationInterval", "global: {evaluation_interval: 0s}",
            "1:31: evaluation_interval: expected a duration above 0"},
    Refused{"EmptyJob", "global: {job: \"\"}", "1:15: job: expected a text that is not empty"},
    Refused{"ExternalLabels", "global: {external_labels: {__name__: b}}",
            "1:27: external_labels: \"__name__\" is not a valid label name"},
    Refused{"ZeroResendDelay", "rules: {resend_delay: 0s}",
            "1:23: resend_delay: expected a duration above 0"},
    Refused{"UnknownRuleSetting", "rules: {resend_dely: 1s}",
            "1:9: unknown key \"resend_dely\" (did you mean \"resend_delay\"?)"},
    Refused{"NotAMapOfAlertmanager", "notify: {alertmanagers: [x]}",
            "1:26: expected a map of options, got a single value"},
    Refused{"AlertmanagerUrlIsAList", "notify: {alertmanagers: [{url: [x]}]}",
            "1:32: url: expected a text, got a list"},
    Refused{"NoAlertmanager", "notify: {alertmanagers: [{}]}", "1:26: \"url\" is required"},
    Refused{
        "ListenWithoutPort", "server: {listen: localhost}",
        "1:18: listen: expected an address with a port, such as 127.0.0.1:10061, [::1]:10061 or "
        ":10061, got \"localhost\""},
    Refused{"ListenPortTooLarge", "server: {listen: [\":1\", \":65536\"]}",
            "1:25: listen: expected a port from 0 to 65535, got \":65536\""},
    Refused{"ListenPortFarTooLarge", "server: {listen: \":99999999999999999999\"}",
            "1:18: listen: expected a port from 0 to 65535, got \":99999999999999999999\""},
    Refused{
        "ListenBareIpv6", "server: {listen: \"::1:80\"}",
        "1:18: listen: expected an address with a port, such as 127.0.0.1:10061, [::1]:10061 or "
        ":10061, got \"::1:80\""},
    Refused{"ListenTwice", "server: {listen: [\":1\", \":1\"]}",
            "1:25: listen: \":1\" is there twice"},
    Refused{"ListenNowhere", "server: {listen: []}",
            "1:18: listen: expected a text or a list of texts"},
    Refused{"ListenMap", "server: {listen: [{a: b}]}", "1:19: listen: expected a text"},
    Refused{"ExternalUrlWithoutScheme", "server: {external_url: tocsin.example.org}",
            "1:24: external_url: expected a URL such as https://tocsin.example.org, without user, "
            "query or fragment, got \"tocsin.example.org\""},
    Refused{"ExternalUrlWithoutHost", "server: {external_url: \"https://\"}",
            "1:24: external_url: expected a URL such as https://tocsin.example.org, without user, "
            "query or fragment, got \"https://\""},
    Refused{"ExternalUrlOfAnotherScheme", "server: {external_url: \"ftp://a\"}",
            "1:24: external_url: expected a URL such as https://tocsin.example.org, without user, "
            "query or fragment, got \"ftp://a\""},
    Refused{"ExternalUrlWithQuery", "server: {external_url: \"http://a/?b\"}",
            "1:24: external_url: expected a URL such as https://tocsin.example.org, without user, "
            "query or fragment, got \"http://a/?b\""},
    Refused{"RemoteWriteReceiverNotABool", "server: {remote_write_receiver: yes}",
            "1:33: remote_write_receiver: expected true or false, got \"yes\""},
    Refused{"RetentionNotADuration", "storage: {retention: forever}",
            "1:22: retention: expected a duration such as 15s or 1h30m, got 'forever'"},
    Refused{"NoSeriesAtAll", "storage: {max_series: 0}",
            "1:23: max_series: expected a whole number from 1 to 1125899906842624, got \"0\""},
    Refused{"BytesWithAUnit", "storage: {max_bytes: 4GB}",
            "1:22: max_bytes: expected a whole number from 1 to 1125899906842624, got \"4GB\""},
    Refused{"PromqlNotAMap", "promql: [a]", "1:9: expected a map of options, got a list"},
    Refused{"UnknownPromqlKey", "promql: {max_sample: 1}",
            "1:10: unknown key \"max_sample\" (did you mean \"max_samples\"?)"},
    Refused{"ZeroLookback", "promql: {lookback_delta: 0s}",
            "1:26: lookback_delta: expected a duration above 0"},
    Refused{"ZeroTimeout", "promql: {timeout: 0s}", "1:19: timeout: expected a duration above 0"},
    Refused{"NoSamples", "promql: {max_samples: 0}",
            "1:23: max_samples: expected a whole number from 1 to 1125899906842624, got \"0\""},
    Refused{"NoConcurrency", "promql: {max_concurrency: 0}",
            "1:27: max_concurrency: expected a whole number from 1 to 1000, got \"0\""},
    Refused{"ExperimentalNotABool", "promql: {experimental: 1}",
            "1:24: experimental: expected true or false, got \"1\""},
    Refused{"EmptyStoragePath", "storage: {path: \"\"}",
            "1:17: path: expected a folder, or \":memory:\" to keep nothing"},
    Refused{"CollectorsNotAList", "collectors: {type: host}",
            "1:13: collectors: expected a list, got a map"},
    Refused{"CollectorNotAMap", "collectors: [host]",
            "1:14: expected a map of options, got a single value"},
    Refused{"CollectorNothing", "collectors:\n- ", "2:1: expected a collector"},
    Refused{"NoType", "collectors:\n- {name: a}", "2:3: \"type\" is required"},
    Refused{"UnknownType", "collectors:\n- {type: prob, url: x}",
            "2:10: type: no collector is called \"prob\" (did you mean \"probe\"?)"},
    Refused{"TypeLikeNoOther", "collectors:\n- {type: zzzzzz}",
            "2:10: type: no collector is called \"zzzzzz\" (there are: host, probe)"},
    Refused{"UnknownOption", "collectors:\n- type: host\n  intervall: 1s",
            "3:3: unknown key \"intervall\" (did you mean \"interval\"?)"},
    Refused{"OptionRequired", "collectors:\n- type: probe", "2:3: \"url\" is required"},
    Refused{"TimeoutAboveInterval", "collectors:\n- {type: host, interval: 5s, timeout: 6s}",
            "2:39: timeout: expected at most the interval (5s), got 6s"},
    Refused{"StaleBeforeTheNextCollection",
            "collectors:\n- {type: host, interval: 5s, stale_after: 4s}",
            "2:43: stale_after: expected at least the interval (5s), got 4s"},
    Refused{"IntervalTooShort", "collectors:\n- {type: host, interval: 1ms}",
            "2:26: interval: expected at least 100ms"},
    Refused{"NoSeries", "collectors:\n- {type: host, max_series: 0}",
            "2:28: max_series: expected a whole number from 1 to 1000000, got \"0\""},
    Refused{"EmptyName", "collectors:\n- {type: host, name: \"\"}", "2:22: name: expected a name"},
    Refused{"OwnName", "collectors:\n- {type: host, name: tocsin}",
            "2:22: name: \"tocsin\" stands for tocsin's own metrics"},
    Refused{"LabelName", "collectors:\n- {type: host, labels: {a-b: c}}",
            "2:30: labels: \"a-b\" is not a label name (letters, digits and _, not starting with a "
            "digit or __)"},
    Refused{"LabelReserved", "collectors:\n- {type: host, labels: {job: c}}",
            "2:30: labels: \"job\" is a reserved label name"},
    Refused{"LabelOfTheMetrics", "collectors:\n- {type: probe, url: x, labels: {target: c}}",
            "2:42: labels: \"target\" is a label of probe's own metric probe_up"},
    Refused{"SameName", "collectors:\n- type: host\n- type: host\n  labels: {a: b}",
            "3:3: name: \"host\" is taken by the collector in line 2; give this one a name"},
    Refused{"SameNameWritten",
            "collectors:\n- {type: host, name: a}\n- {type: probe, url: x, name: a}",
            "3:31: name: \"a\" is taken by the collector in line 2"},
    Refused{"SameLabels", "collectors:\n- type: host\n- {type: host, name: b}",
            "3:3: labels: must differ from those of the host collector in line 2, or both would "
            "export the same series"},
    Refused{"MissingSecretFile", "collectors:\n- {type: probe, url: x, password_file: no-such}",
            "2:40: password_file: cannot read /etc/tocsin/no-such: No such file or directory"},
    Refused{"SecretTwice",
            "collectors:\n- {type: probe, url: x, password: a, password_file: /dev/null}",
            "2:53: password_file: expected either \"password\" or \"password_file\", got both"},
    Refused{
        "EverythingAtOnce", "golbal: {}\nserver: {listen: x, port: 1}\ncollectors:\n- type: nope",
        "1:1: unknown key \"golbal\" (did you mean \"global\"?)\n"
        "2:18: listen: expected an address with a port, such as 127.0.0.1:10061, [::1]:10061 or "
        ":10061, got \"x\"\n"
        "2:21: unknown key \"port\" (known here: listen, external_url, remote_write_receiver)\n"
        "4:9: type: no collector is called \"nope\" (there are: host, probe)"},
};

std::string WithFile(std::string_view diagnostics) {
  std::string text = "/etc/tocsin/t.yaml:";
  for (const char c : diagnostics) {
    text += c;
    if (c == '\n') text += "/etc/tocsin/t.yaml:";
  }
  return text;
}

BOOST_AUTO_TEST_SUITE(config_test)

BOOST_AUTO_TEST_CASE(EveryMistakeIsReportedAtItsPlace) {
  for (const Refused& row : kRefused) {
    BOOST_TEST_CONTEXT(row.name) {
      const Result<Config> config = Parse(row.yaml);
      BOOST_TEST_REQUIRE(!config);
      BOOST_TEST(config.error().message == WithFile(row.diagnostics));
      BOOST_TEST((config.error().code == ErrorCode::kInvalidInput));
    }
  }
}

BOOST_AUTO_TEST_CASE(AnEmptyFileIsAllDefaults) {
  const Result<Config> config = Parse("");
  BOOST_TEST_REQUIRE(!!config);
  BOOST_TEST(FormatDuration(config->global.collection_interval) == "15s");
  BOOST_TEST(config->server.listen.at(0) == "127.0.0.1:10061");
  BOOST_TEST(config->storage.path.string() == "/etc/tocsin/data");
  BOOST_TEST(config->collectors.empty());
  BOOST_TEST(FormatDuration(config->global.evaluation_interval) == "15s");
  BOOST_TEST(config->global.job == "tocsin");
  BOOST_TEST(config->global.instance.empty());
  BOOST_TEST(config->server.external_url.empty());
  BOOST_TEST(!config->server.remote_write_receiver);
  BOOST_TEST(FormatDuration(config->storage.retention) == "6h");
  BOOST_TEST(config->storage.max_series == 1'000'000U);
  BOOST_TEST(config->storage.max_bytes == std::size_t{4} << 30);
  BOOST_TEST(FormatDuration(config->promql.lookback_delta) == "5m");
  BOOST_TEST(FormatDuration(config->promql.timeout) == "2m");
  BOOST_TEST(config->promql.max_samples == 50'000'000U);
  BOOST_TEST(config->promql.max_concurrency == 20U);
  BOOST_TEST(!config->promql.experimental);
}

BOOST_AUTO_TEST_CASE(CollectorsHaveDefaults) {
  const Result<Config> config = Parse(
      "global: {collection_interval: 30s}\ncollectors:\n- type: host\n- {type: probe, url: x}");
  BOOST_TEST_REQUIRE(!!config);
  const collectors::InstanceConfig& host = *config->collectors.at(0);
  BOOST_TEST(host.name == "host");
  BOOST_TEST(FormatDuration(host.interval) == "30s");
  BOOST_TEST(FormatDuration(host.timeout) == "10s");
  BOOST_TEST(FormatDuration(host.stale_after) == "1m30s");
  BOOST_TEST(host.max_series == 1000U);
}

BOOST_AUTO_TEST_CASE(TheDefaultTimeoutIsNeverAboveTheInterval) {
  const Result<Config> config = Parse("collectors: [{type: host, interval: 2s}]");
  BOOST_TEST_REQUIRE(!!config);
  BOOST_TEST(FormatDuration(config->collectors.at(0)->timeout) == "2s");
}

BOOST_AUTO_TEST_CASE(WhatIsWrittenIsTaken) {
  const Result<Config> config = Parse(
      "server: {listen: [\"[::1]:0\", \":10061\"]}\n"
      "storage: {path: \":memory:\"}\n"
      "collectors:\n"
      "- {type: host, name: a, interval: 1m, timeout: 1s, stale_after: 2m, max_series: 7,\n"
      "   labels: {team: b, env: 'c'}}\n");
  BOOST_TEST_REQUIRE(!!config);
  BOOST_TEST(config->server.listen.size() == 2U);
  BOOST_TEST(config->storage.path.empty());
  const collectors::InstanceConfig& host = *config->collectors.at(0);
  BOOST_TEST(host.name == "a");
  BOOST_TEST(FormatDuration(host.timeout) == "1s");
  BOOST_TEST(FormatDuration(host.stale_after) == "2m");
  BOOST_TEST(host.max_series == 7U);
  BOOST_TEST((host.labels == ConstantLabels{{"env", "c"}, {"team", "b"}}));
}

BOOST_AUTO_TEST_CASE(WhatIsWrittenOfTheStoreAndOfQueriesIsTaken) {
  const Result<Config> config = Parse(
      "global: {evaluation_interval: 30s, job: data, instance: 'a:1', external_labels: {a: b}}\n"
      "server: {external_url: 'https://tocsin.example.org/t', remote_write_receiver: true}\n"
      "storage: {retention: 3d, max_series: 7, max_bytes: 8}\n"
      "promql: {lookback_delta: 1m, timeout: 10s, max_samples: 9, max_concurrency: 2,\n"
      "         experimental: true}\n");
  BOOST_TEST_REQUIRE(!!config);
  BOOST_TEST(FormatDuration(config->global.evaluation_interval) == "30s");
  BOOST_TEST(config->global.job == "data");
  BOOST_TEST(config->global.instance == "a:1");
  BOOST_TEST(config->global.external_labels.ToString() == "{a=\"b\"}");
  BOOST_TEST(config->server.external_url == "https://tocsin.example.org/t");
  BOOST_TEST(config->server.remote_write_receiver);
  BOOST_TEST(FormatDuration(config->storage.retention) == "3d");
  BOOST_TEST(config->storage.max_series == 7U);
  BOOST_TEST(config->storage.max_bytes == 8U);
  BOOST_TEST(FormatDuration(config->promql.lookback_delta) == "1m");
  BOOST_TEST(FormatDuration(config->promql.timeout) == "10s");
  BOOST_TEST(config->promql.max_samples == 9U);
  BOOST_TEST(config->promql.max_concurrency == 2U);
  BOOST_TEST(config->promql.experimental);
}

BOOST_AUTO_TEST_CASE(RetentionHasTwoWordsOfItsOwn) {
  const auto retention = [](std::string_view yaml) {
    const Result<Config> config = Parse(yaml);
    BOOST_TEST_REQUIRE(!!config);
    return config->storage.retention;
  };
  BOOST_TEST((retention("storage: {retention: auto}") == std::chrono::hours(6)));
  BOOST_TEST((retention("storage: {retention: 0}") == Duration(0)));
}

BOOST_AUTO_TEST_CASE(OneListenAddressNeedsNoList) {
  const Result<Config> config = Parse("server: {listen: localhost:0}");
  BOOST_TEST_REQUIRE(!!config);
  BOOST_TEST(config->server.listen.at(0) == "localhost:0");
}

BOOST_AUTO_TEST_CASE(DefaultsCanBeSharedByMergeKeys) {
  const Result<Config> config = Parse(
      "collectors:\n- &base {type: host, interval: 1m}\n- {<<: *base, name: b, labels: {a: b}}");
  BOOST_TEST_REQUIRE(!!config);
  BOOST_TEST(FormatDuration(config->collectors.at(1)->interval) == "1m");
}

BOOST_AUTO_TEST_CASE(FingerprintsTellApartWhatMakesAnotherCollector) {
  const auto fingerprint = [](std::string_view yaml) {
    const Result<Config> config = Parse(yaml);
    BOOST_TEST_REQUIRE(!!config);
    return config->collectors.at(0)->fingerprint;
  };
  const std::string base = fingerprint("collectors: [{type: probe, url: x, password: a}]");
  BOOST_TEST(fingerprint("collectors:\n- type: probe  # same\n  url: x\n  password: a") == base);
  BOOST_TEST(fingerprint("collectors: [{type: probe, url: y, password: a}]") != base);
  BOOST_TEST(fingerprint("collectors: [{type: probe, url: x, password: b}]") != base);
  BOOST_TEST(fingerprint("global: {collection_interval: 9s}\n"
                         "collectors: [{type: probe, url: x, password: a}]") != base);
}

BOOST_AUTO_TEST_CASE(PathsAreRelativeToTheFile) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "secret") << "x\n";
  std::ofstream(folder.path() / "t.yaml") << "storage: {path: state}\n";
  const Result<Config> config = LoadConfig(folder.path() / "t.yaml");
  BOOST_TEST_REQUIRE(!!config);
  BOOST_TEST(config->storage.path.string() == (folder.path() / "state").string());
  const Result<Config> with_secret =
      ParseConfig("collectors: [{type: probe, url: x, password_file: secret}]",
                  folder.path() / "t.yaml", kKinds);
  BOOST_TEST(!!with_secret);
}

BOOST_AUTO_TEST_CASE(AMissingFileIsNamed) {
  const Result<Config> config = LoadConfig("/no/such/file.yaml");
  BOOST_TEST_REQUIRE(!config);
  BOOST_TEST(config.error().message == "/no/such/file.yaml: No such file or directory");
}

BOOST_AUTO_TEST_CASE(TheExamplesAreGood) {
  const std::filesystem::path examples = SourceDirectory() / "examples";
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(examples)) {
    if (entry.path().extension() != ".yaml") continue;
    const Result<Config> config = LoadConfig(entry.path());
    BOOST_TEST(!!config, (config ? "" : config.error().message));
    ++checked;
  }
  BOOST_TEST(checked > 0);
}

BOOST_AUTO_TEST_CASE(TheTextShowsNoTokensOfRequests) {
  const Result<Config> config = ParseConfig(
      "collectors:\n"
      "  - {type: prometheus, static_configs: [{targets: ['h:1']}], params: {token: [hunter1]}}\n"
      "  - {type: http, targets: [{name: h, url: 'http://h:1/m?token=hunter2'}]}\n",
      "/etc/tocsin/t.yaml", collectors::AllCollectors());
  BOOST_REQUIRE(!!config);
  BOOST_TEST(config->text.find("hunter") == std::string::npos, config->text);
  BOOST_TEST(config->text.find("http://h:1/m?token=<secret>") != std::string::npos, config->text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
