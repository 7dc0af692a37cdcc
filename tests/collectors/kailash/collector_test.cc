#include "collectors/kailash/collector.h"

#include <algorithm>
#include <set>
#include <string>

#include <boost/test/unit_test.hpp>

#include "collectors/kailash/metrics.h"
#include "tests/collectors/kailash/watched.h"
#include "tests/collectors/redis/canned_redis.h"

namespace tocsin::collectors::kailash {
namespace {

/// What is wrong with the options of a collector, as a text.
std::string MistakesIn(const std::string& yaml) {
  Diagnostics diagnostics("f.yaml");
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  BOOST_TEST_REQUIRE(node.has_value());
  {
    YamlMap options(*node, diagnostics);
    Configure(options);
  }
  return diagnostics.Text();
}

/// What each source was given, for sources that hang. They come back at once, and are taken to have
/// used up all of it.
struct Given {
  std::optional<SteadyPoint> redis = std::nullopt;
  std::optional<SteadyPoint> server = std::nullopt;
  std::optional<SteadyPoint> database = std::nullopt;
};

class HungRedis final : public RedisConnection {
 public:
  explicit HungRedis(Given& given) : given_(given) {}
  Result<std::vector<RedisReply>> Pipeline(std::span<const RedisCommand> /*commands*/,
                                           const Attempt& attempt) override {
    given_.redis = attempt.deadline;
    return Error{ErrorCode::kTimeout, "no answer"};
  }
  std::uint64_t generation() const override { return 0; }

 private:
  Given& given_;
};

class HungServer final : public ServerClient {
 public:
  explicit HungServer(Given& given) : given_(given) {}
  Result<HttpAnswer> Send(const OutgoingRequest& /*request*/, const Attempt& attempt) override {
    given_.server = attempt.deadline;
    return Error{ErrorCode::kTimeout, "no answer"};
  }

 private:
  Given& given_;
};

class HungDatabase final : public SqlConnection {
 public:
  explicit HungDatabase(Given& given) : given_(given) {}
  Result<SqlRows> Query(const std::string& /*statement*/,
                        std::span<const SqlParameter> /*parameters*/,
                        const Attempt& attempt) override {
    given_.database = attempt.deadline;
    return Error{ErrorCode::kTimeout, "no answer"};
  }
  bool is_open() const override { return true; }
  std::uint64_t generation() const override { return 1; }

 private:
  Given& given_;
};

/// A server with no route but /health.
class EmptyServer final : public ServerClient {
 public:
  Result<HttpAnswer> Send(const OutgoingRequest& request, const Attempt& /*attempt*/) override {
    return HttpAnswer{request.url.ends_with("/health") ? 200 : 404, {}, "{}"};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kailash_collector_test)

BOOST_AUTO_TEST_CASE(TheCatalogueIsSound) {
  std::set<std::string_view> names;
  for (const MetricDesc& metric : Metrics()) {
    BOOST_TEST_CONTEXT(metric.name) {
      BOOST_TEST(IsMetricName(metric.name));
      BOOST_TEST(metric.name.starts_with("kailash_"));
      BOOST_TEST(names.insert(metric.name).second);
      BOOST_TEST(!metric.help.empty());
      BOOST_TEST((metric.type == MetricType::kCounter) == metric.name.ends_with("_total"));
    }
  }
  std::set<std::string_view> options;
  for (const OptionDesc& option : Options()) {
    BOOST_TEST(options.insert(option.name).second, option.name);
  }
}

BOOST_AUTO_TEST_CASE(EachSourceMayStandAlone) {
  const std::string good[] = {
      "{http: {url: 'http://app:8000'}}",
      "{http: {url: 'http://app:8000/', metrics_url: 'http://app:9090/metrics', timeout: 1s}}",
      "{redis: {host: r}, breakers: [database], queues: [default, fast]}",
      "{postgres: {host: p}, workflows_from: database}",
      "{sqlite: {path: /srv/kailash.db}}",
      "{postgres: {host: p}, pools: [{name: main, max_connections: 50, user: app}]}",
      "{http: {url: 'http://a:1'}, postgres: {host: p}, workflows_from: database}",
  };
  for (const std::string& yaml : good) BOOST_TEST_CONTEXT(yaml) BOOST_TEST(MistakesIn(yaml) == "");
}

BOOST_AUTO_TEST_CASE(MistakesAreFound) {
  const struct {
    std::string yaml;
    std::string mistake;
  } rows[] = {
      {"{}", "expected at least one of http, redis, postgres and sqlite"},
      {"{http: {}}", "url"},
      {"{postgres: {host: p}, sqlite: {path: /a}}", "expected either postgres or sqlite"},
      {"{http: {url: 'http://a:1'}, breakers: [a]}", "read from redis, which is not there"},
      {"{redis: {host: r}, queues: [a, b, a]}", "a is there twice"},
      {"{redis: {host: r}, workflows_from: http}", "there is no http to count them in"},
      {"{http: {url: 'http://a:1'}, workflows_from: database}", "there is no postgres or sqlite"},
      {"{http: {url: 'http://a:1'}, workflows_from: page}", "expected http or database"},
      {"{sqlite: {path: /a}, pools: [{name: a, user: u}]}", "counted in postgres"},
      {"{http: {url: 'http://a:1'}, pools: [{name: a-b}, {name: a_b}]}", "another pool"},
      {"{postgres: {host: p}, task_table: 'a;b'}", "expected a name of letters"},
      {"{postgres: {host: p}, worker_table: 1a}", "expected a name of letters"},
      {"{redis: {host: r}, breaker: [a]}", "breakers"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.yaml) {
      const std::string found = MistakesIn(row.yaml);
      BOOST_TEST(found.find(row.mistake) != std::string::npos, found);
    }
  }
}

BOOST_AUTO_TEST_CASE(ASourceThatHangsLeavesTimeAndTheOthersTheirPoints) {
  using std::chrono::milliseconds;
  const std::string breaker = R"(kailash_circuit_breaker_state{name="database"})";
  const std::string pending = "kailash_executions_pending";
  const milliseconds cancelling(500);  // As long as PostgreSQL may take beyond its deadline.
  for (const std::string hung : {"", "redis", "http", "sqlite", "postgres"}) {
    BOOST_TEST_CONTEXT(hung) {
      SqliteInstance instance;
      redis::CannedRedis canned;
      Given given;
      FakeClock clock;
      const Log log(LogLevel::kError, LogFormat::kLogfmt);
      const bool has_database = hung != "sqlite" && hung != "postgres";
      Sources sources;
      sources.redis = std::make_unique<redis::CannedConnection>(canned);
      if (hung == "redis") sources.redis = std::make_unique<HungRedis>(given);
      sources.http = std::make_unique<EmptyServer>();
      if (hung == "http") sources.http = std::make_unique<HungServer>(given);
      sources.database = instance.Open(std::make_shared<Wiretap>());
      if (!has_database) {
        sources.database = Database{std::make_shared<HungDatabase>(given),
                                    hung == "sqlite" ? Dialect::kSqlite : Dialect::kPostgres, ""};
      }
      Settings settings = DatabaseSettings();
      settings.breakers = {"database"};
      settings.redis_workers = false;
      KailashCollector collector(settings, std::move(sources), {clock, log, {}});
      MetricSink sink({1000, {}}, nullptr);
      Collection collection{sink};
      const Attempt attempt = AttemptFor(milliseconds(10'000));
      BOOST_TEST_REQUIRE(static_cast<bool>(collector.Collect(attempt, collection)));
      if (given.redis) BOOST_TEST((*given.redis <= attempt.deadline - milliseconds(6600)));
      if (given.server) BOOST_TEST((*given.server <= attempt.deadline - milliseconds(5000)));
      if (given.database) BOOST_TEST((*given.database <= attempt.deadline - milliseconds(500)));
      if (hung == "postgres") {
        BOOST_TEST((*given.database + cancelling <= attempt.deadline - milliseconds(500)));
      }
      const Values values = ValuesOf(*sink.Finish(clock.Now()));
      BOOST_TEST(At(values, "kailash_up") == (hung == "http" ? 0 : 1));
      BOOST_TEST(values.contains(breaker) == (hung != "redis"));
      BOOST_TEST(values.contains(pending) == has_database);
      for (const SourceReport& source : collection.sources) {
        if (source.source == hung) BOOST_TEST(!source.status);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(WithLittleTimePostgresHasSomeLeft) {
  Given given;
  FakeClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  Sources sources;
  sources.database = Database{std::make_shared<HungDatabase>(given), Dialect::kPostgres, ""};
  KailashCollector collector(DatabaseSettings(), std::move(sources), {clock, log, {}});
  MetricSink sink({1000, {}}, nullptr);
  Collection collection{sink};
  const Attempt attempt = AttemptFor(std::chrono::milliseconds(500));
  BOOST_TEST_REQUIRE(static_cast<bool>(collector.Collect(attempt, collection)));
  BOOST_TEST_REQUIRE(given.database.has_value());
  BOOST_TEST((*given.database >= attempt.deadline - std::chrono::milliseconds(450)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash
