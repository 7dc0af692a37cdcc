#include "collectors/prometheus/collector.h"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

#include "base/allocator.h"
#include "tests/collectors/prometheus/snapshot_text.h"
#include "tests/support/recorded_log.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_server.h"

namespace tocsin::collectors {
namespace {

using Then = TestServer::Reply::Then;

TestServer::Reply MetricsAnswer(const std::string& text) {
  return TestServer::Answer(200, text, "Content-Type: text/plain; version=0.0.4\r\n");
}

TestServer::Handler Always(const TestServer::Reply& reply) {
  return [reply](const TestServer::Request&) { return reply; };
}

std::string AddressOf(const TestServer& server) {
  return server.url().substr(std::string("http://").size());
}

/// Reads options; the mistakes are left in `mistakes`.
MakeCollector Configured(const std::string& yaml, std::string& mistakes) {
  Diagnostics diagnostics("t.yaml");
  const auto node = ParseYaml(yaml, diagnostics);
  BOOST_REQUIRE(node);
  MakeCollector make;
  {
    YamlMap map(*node, diagnostics);
    make = prometheus::Configure(map);
    map.IgnoreOthers();
  }
  mistakes = diagnostics.Text();
  return make;
}

struct Fixture {
  RecordedLog log;
  SystemClock clock;
  Environment environment{clock, log.log(), {}};
  std::unique_ptr<Collector> collector;
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<SourceReport> parts;

  void Configure(const std::string& yaml) {
    std::string mistakes;
    const MakeCollector make = Configured(yaml, mistakes);
    BOOST_TEST_REQUIRE(mistakes.empty(), mistakes);
    collector = make(environment);
  }

  Status Collect(Duration timeout = std::chrono::seconds(10), ConstantLabels labels = {}) {
    MetricSink sink({.max_series = 1000, .constant_labels = std::move(labels)}, snapshot);
    Collection collection{sink};
    const Status status =
        collector->Collect({clock.SteadyNow() + timeout, std::stop_token()}, collection);
    snapshot = sink.Finish(clock.Now());
    parts = std::move(collection.parts);
    return status;
  }

  /// The family as text, without that of its name and type, and of `address` as HOST.
  std::string Family(std::string_view name, const std::string& address = "") const {
    std::string text;
    for (const FamilyPoints& family : snapshot->families) {
      if (family.shape->name != name) continue;
      text += TextOf(family).substr(name.size() + 1);
    }
    for (std::size_t at = 0; !address.empty() && (at = text.find(address)) != text.npos;) {
      text.replace(at, address.size(), "HOST");
    }
    return text;
  }

  const Error* Failure(const std::string& part) const {
    for (const SourceReport& report : parts) {
      if (report.source == part && !report.status) return &report.status.error();
    }
    return nullptr;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(prometheus_collector_test, Fixture)

BOOST_AUTO_TEST_CASE(ScrapesAPage) {
  const TestServer server(Always(MetricsAnswer("# TYPE a counter\na{b=\"c\"} 3\nd 4\n")));
  Configure(
      "{name: web, params: {x: [1, 'two words'], y: [z]}, metrics_path: /m, static_configs: "
      "[{targets: ['" +
      AddressOf(server) + "'], labels: {team: red}}]}");
  BOOST_REQUIRE(Collect(std::chrono::seconds(10), {{"env", "live"}}));
  const std::string target = "{env=live}{instance=HOST}{job=web}{team=red}";
  BOOST_TEST(Family("a", AddressOf(server)) ==
             "counter: a{b=c}{env=live}{instance=HOST}{job=web}{team=red}=3\n");
  BOOST_TEST(Family("up", AddressOf(server)) == "gauge: up" + target + "=1\n");
  BOOST_TEST(Family("scrape_samples_scraped", AddressOf(server)).ends_with("=2\n"));
  BOOST_TEST(Family("scrape_samples_post_metric_relabeling").ends_with("=2\n"));
  BOOST_TEST(Family("scrape_series_added").ends_with("=2\n"));
  BOOST_TEST(!Family("scrape_duration_seconds").empty());
  const TestServer::Request request = server.requests().at(0);
  BOOST_TEST(request.line() == "GET /m?x=1&y=z&x=two%20words HTTP/1.1");
  BOOST_TEST(request.Header("Accept") == "text/plain;version=0.0.4");
}

BOOST_AUTO_TEST_CASE(RulesSeeWhatIsConfiguredForAllTargets) {
  const TestServer server(Always(MetricsAnswer("a 1\n")));
  Configure(
      "{job_name: j$, params: {module: [x]}, static_configs: [{targets: [elsewhere]}], "
      "relabel_configs: ["
      "{source_labels: [__address__], target_label: __param_target}, "
      "{source_labels: [__param_target, job, __metrics_path__, __param_module], "
      "target_label: instance}, "
      "{target_label: __metrics_path__, replacement: /probe}, "
      "{target_label: __address__, replacement: '" +
      AddressOf(server) + "'}]}");
  BOOST_REQUIRE(Collect());
  BOOST_TEST(Family("a") == "unknown: a{instance=elsewhere;j$;/metrics;x}{job=j$}=1\n");
  BOOST_TEST(server.requests().at(0).line() == "GET /probe?module=x&target=elsewhere HTTP/1.1");
}

BOOST_AUTO_TEST_CASE(ATargetThatFailsCostsItselfOnly) {
  const struct {
    std::string_view name;
    TestServer::Reply reply;
    ErrorCode code;
  } rows[] = {
      {"HTML", TestServer::Answer(200, "<html>", "Content-Type: text/html\r\n"),
       ErrorCode::kCorrupt},
      {"HTML as text", MetricsAnswer("<html></html>\n"), ErrorCode::kCorrupt},
      {"no such page", TestServer::Answer(404, "", "Content-Type: text/plain\r\n"),
       ErrorCode::kUnavailable},
      {"no access", TestServer::Answer(401), ErrorCode::kDenied},
      {"moved", TestServer::Answer(302, "", "Location: /elsewhere\r\n"), ErrorCode::kUnavailable},
      {"half a page",
       {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\na 1\n",
        Then::kClose},
       ErrorCode::kUnavailable},
      {"too long", MetricsAnswer("a{b=\"" + std::string(5000, 'x') + "\"} 1\n"),
       ErrorCode::kTooLarge},
      {"resets", {"", Then::kReset}, ErrorCode::kUnavailable},
      {"hangs", {"", Then::kHang}, ErrorCode::kTimeout},
  };
  for (const auto& row : rows) {
    const TestServer good(Always(MetricsAnswer("a 1\n")));
    const TestServer bad(Always(row.reply));
    Configure("{job_name: j, body_size_limit: 4KB, static_configs: [{targets: ['" + AddressOf(bad) +
              "', '" + AddressOf(good) + "']}]}");
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_REQUIRE(Collect(std::chrono::seconds(2)));
      BOOST_TEST(Family("a", AddressOf(good)) == "unknown: a{instance=HOST}{job=j}=1\n");
      BOOST_TEST(Family("up").find("{instance=" + AddressOf(bad) + "}{job=j}=0") !=
                 std::string::npos);
      BOOST_TEST(Family("up").find("{instance=" + AddressOf(good) + "}{job=j}=1") !=
                 std::string::npos);
      const Error* const failure = Failure(AddressOf(bad));
      BOOST_REQUIRE(failure != nullptr);
      BOOST_TEST((failure->code == row.code), failure->message);
      BOOST_TEST(Failure(AddressOf(good)) == nullptr);
    }
  }
}

BOOST_AUTO_TEST_CASE(OfHalfAPageNothingIsLeft) {
  std::string page;
  const TestServer server([&](const TestServer::Request&) {
    const bool half = !page.ends_with('\n');
    TestServer::Reply reply = MetricsAnswer(page + (half ? "." : ""));
    if (half) reply = {reply.bytes.substr(0, reply.bytes.size() - 1), Then::kClose};
    return reply;
  });
  Configure("{name: j, static_configs: [{targets: ['" + AddressOf(server) + "']}]}");
  const auto collect = [&](const std::string& text) {
    page = text;
    BOOST_REQUIRE(Collect());
    return Family("a", AddressOf(server)) + Family("b", AddressOf(server));
  };
  const std::string labels = "{instance=HOST}{job=j}=";
  BOOST_TEST(collect("a 1\nb 2\n") == "unknown: a" + labels + "1\nunknown: b" + labels + "2\n");
  BOOST_TEST(collect("a 3\nb 4") == "");
  BOOST_TEST(collect("a 5 1500\nc") == "");
  BOOST_TEST(collect("a 6\nb 7\n") == "unknown: a" + labels + "6\nunknown: b" + labels + "7\n");
  BOOST_TEST(collect("b 8\n") == "unknown: b" + labels + "8\n");
}

BOOST_AUTO_TEST_CASE(APageLikeTheOneBeforeTakesNoMemory) {
  SetUpAllocator();  // What is as large as this page goes back to the kernel when it is freed.
  constexpr std::size_t kBytes = std::size_t{8} << 20;
  std::string page = "a 1\n";
  while (page.size() < kBytes) page += "#" + std::string(1000, ' ') + "\n";
  const TestServer server(Always(MetricsAnswer(page)));
  Configure("{body_size_limit: 16MB, static_configs: [{targets: ['" + AddressOf(server) + "']}]}");
  const auto faults = [] {
    rusage usage{};
    BOOST_REQUIRE(getrusage(RUSAGE_THREAD, &usage) == 0);
    return usage.ru_minflt;
  };
  BOOST_REQUIRE(Collect());
  const auto before = faults();
  BOOST_REQUIRE(Collect());
  BOOST_TEST(Family("a", AddressOf(server)) == "unknown: a{instance=HOST}{job=prometheus}=1\n");
  constexpr auto kPages = static_cast<long>(kBytes / 4096);
  BOOST_TEST(faults() - before < kPages / 2);
}

BOOST_AUTO_TEST_CASE(TellsWhatIsWrongWithAPage) {
  const TestServer server(Always(MetricsAnswer("a 1\nb{ 2\n# TYPE c timer\nc 3\n")));
  Configure("{static_configs: [{targets: ['" + AddressOf(server) + "']}]}");
  BOOST_REQUIRE(Collect());
  BOOST_TEST(Family("c", AddressOf(server)) == "unknown: c{instance=HOST}{job=prometheus}=3\n");
  const Error* const failure = Failure(AddressOf(server) + " page");
  BOOST_REQUIRE(failure != nullptr);
  BOOST_TEST(failure->message ==
             "bad lines: 1, unknown types: 1; the first: line 2: expected a label "
             "name or }");
}

BOOST_AUTO_TEST_CASE(ATargetThatComesBackGoesOn) {
  std::atomic<bool> fails = false;
  const TestServer server([&](const TestServer::Request&) {
    return fails ? TestServer::Answer(503) : MetricsAnswer("a 1\n");
  });
  Configure("{expose: true, static_configs: [{targets: ['" + AddressOf(server) + "']}]}");
  BOOST_REQUIRE(Collect());
  BOOST_TEST((snapshot->families[0].shape->audience == Audience::kEverybody));
  const auto shape = snapshot->families[0].shape;
  fails = true;
  BOOST_REQUIRE(Collect());
  BOOST_TEST(Family("a").empty());
  BOOST_TEST(Family("up").ends_with("=0\n"));
  fails = false;
  BOOST_REQUIRE(Collect());
  BOOST_TEST((snapshot->families[0].shape == shape));
  BOOST_TEST(Family("up").ends_with("=1\n"));
}

BOOST_AUTO_TEST_CASE(ATargetStaysTheSameWhateverItsMetaLabelsSay) {
  const TestServer server(Always(MetricsAnswer("a 1\n")));
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "targets.json").string();
  const auto say_ready = [&](const std::string& ready) {
    std::ofstream(file) << R"([{"targets":[")" + AddressOf(server) +
                               R"("],"labels":{"__meta_ready":")" + ready + R"("}}])";
  };
  say_ready("true");
  Configure("{file_sd_configs: [{files: ['" + file +
            "']}], relabel_configs: [{source_labels: [__meta_ready], regex: gone, action: drop}]}");
  BOOST_REQUIRE(Collect());
  BOOST_TEST(Family("scrape_series_added").ends_with("=1\n"));
  const auto shape = snapshot->families[0].shape;
  say_ready("not any more");
  BOOST_REQUIRE(Collect());
  BOOST_TEST(Family("scrape_series_added").ends_with("=0\n"));
  BOOST_TEST((snapshot->families[0].shape == shape));
  say_ready("gone");
  BOOST_REQUIRE(Collect());
  BOOST_TEST(Family("up").empty());
}

BOOST_AUTO_TEST_CASE(RefusesMistakes) {
  const struct {
    std::string yaml;
    std::string mistake;
  } rows[] = {
      {"{job_name: a}", "expected static_configs"},
      {"{static_configs: [], scheme: ftp}", "expected http or https"},
      {"{static_configs: [], body_size_limit: lots}", "expected a size such as 8MB"},
      {"{static_configs: [], body_size_limit: 2GB}", "expected a size such as 8MB"},
      {"{static_configs: [], rename: {a: 'b c'}}", "expected names of metrics"},
      {"{static_configs: [], sample_limit: -1}", "sample_limit"},
      {"{static_configs: [], metric_relabel_configs: [{action: fly}]}", "expected one of"},
  };
  for (const auto& row : rows) {
    std::string mistakes;
    static_cast<void>(Configured(row.yaml, mistakes));
    BOOST_TEST_CONTEXT(row.yaml) {
      BOOST_TEST(mistakes.find(row.mistake) != std::string::npos, mistakes);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
