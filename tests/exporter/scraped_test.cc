// What becomes of scraped pages, from a runner to the store and to /metrics.

#include <atomic>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "base/number.h"
#include "base/yaml.h"
#include "collectors/registry.h"
#include "collectors/runner.h"
#include "exporter/metrics_page.h"
#include "exporter/recorder.h"
#include "tests/support/await.h"
#include "tests/support/recorded_log.h"
#include "tests/support/test_server.h"

namespace tocsin {
namespace {

using collectors::InstanceConfig;
using collectors::InstanceView;

/// Serves `text`, or an error while it fails.
struct Page {
  explicit Page(std::string served) : text(std::move(served)) {}

  const std::string text;
  std::atomic<bool> fails = false;
  TestServer server{[this](const TestServer::Request&) {
    return fails ? TestServer::Answer(503)
                 : TestServer::Answer(200, text, "Content-Type: text/plain\r\n");
  }};

  std::string address() const { return server.url().substr(std::string("http://").size()); }
};

std::shared_ptr<const InstanceConfig> Configure(const std::string& yaml) {
  Diagnostics diagnostics("t.yaml");
  const auto node = ParseYaml(yaml, diagnostics);
  BOOST_REQUIRE(node);
  auto config = std::make_shared<InstanceConfig>();
  config->kind = collectors::FindCollector("prometheus");
  config->name = "pages";
  config->interval = std::chrono::milliseconds(100);
  config->timeout = std::chrono::seconds(5);
  config->stale_after = std::chrono::minutes(1);
  {
    YamlMap map(*node, diagnostics);
    config->make = config->kind->configure(map);
  }
  BOOST_TEST_REQUIRE(diagnostics.empty(), diagnostics.Text());
  return config;
}

/// A runner whose collections go to a store and a page.
struct Fixture {
  Page first{"# TYPE a gauge\na 1\n"};
  Page second{"# TYPE a gauge\na 2\n"};
  SystemClock clock;
  RecordedLog log;
  SampleStore store{{}};
  Recorder recorder{store, {.job = "tocsin", .instance = "here", .own = nullptr}, clock, log.log()};
  std::shared_ptr<const InstanceConfig> config =
      Configure("{expose: true, static_configs: [{targets: ['" + first.address() + "', '" +
                second.address() + "']}]}");
  collectors::Runner runner{
      config, {clock, log.log(), {}}, [this](const InstanceView& view) { recorder.Observe(view); }};
  std::jthread thread{[this](const std::stop_token& stop) { runner.Run(stop); }};

  /// The newest value of each series of that name, by instance; "stale" for a marker.
  std::map<std::string, std::string> Newest(std::string_view name) const {
    std::map<std::string, std::string> newest;
    const auto all = store.Select({});
    for (std::size_t i = 0; i < all->size(); ++i) {
      const Labels& labels = all->labels(i);
      if (labels.metric_name() != name) continue;
      const auto sample =
          all->Newest(i, std::numeric_limits<Millis>::min(), std::numeric_limits<Millis>::max());
      newest[std::string(labels.Get("instance"))] =
          !sample || IsStaleNan(sample->v) ? "stale" : FormatNumber(sample->v);
    }
    return newest;
  }

  std::string MetricsText() {
    MetricsPage page({[] { return std::uint64_t{1}; },
                      [this] { return MetricsPage::Views{runner.View()}; },
                      [] { return std::make_shared<const Snapshot>(); }});
    HttpRequest request;
    request.method = "GET";
    request.path = "/metrics";
    const HttpResponse response = page.Answer(request);
    std::string text;
    for (const SharedText& piece : response.more_body) text += *piece;
    return text;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(scraped_test, Fixture)

BOOST_AUTO_TEST_CASE(ATargetThatGoesEndsItsSeriesAndNoOthers) {
  using Values = std::map<std::string, std::string>;
  const Values both = {{first.address(), "1"}, {second.address(), "2"}};
  BOOST_TEST(AwaitThat([&] { return Newest("a") == both; }));
  BOOST_TEST((Newest("up") == Values{{first.address(), "1"}, {second.address(), "1"}}));
  BOOST_TEST(MetricsText().find("a{instance=\"" + first.address() + "\",job=\"prometheus\"} 1\n") !=
             std::string::npos);
  BOOST_TEST(MetricsText().find("up") == std::string::npos);

  first.fails = true;
  const Values one = {{first.address(), "stale"}, {second.address(), "2"}};
  BOOST_TEST(AwaitThat([&] { return Newest("a") == one; }));
  BOOST_TEST((Newest("up") == Values{{first.address(), "0"}, {second.address(), "1"}}));
  BOOST_TEST(AwaitThat([&] { return MetricsText().find(first.address()) == std::string::npos; }));
  BOOST_TEST(MetricsText().find(second.address()) != std::string::npos);
  BOOST_TEST(runner.View()->up);

  first.fails = false;
  BOOST_TEST(AwaitThat([&] { return Newest("a") == both; }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
