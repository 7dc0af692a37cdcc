// A collector that reads a database, under a clock that the test moves.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/yaml.h"
#include "collectors/collector.h"
#include "collectors/sql/postgres_options.h"
#include "tests/collectors/dagster/values.h"
#include "tests/support/fake_clock.h"
#include "tests/support/postgres_server.h"

namespace tocsin::collectors {

using dagster::At;
using dagster::Values;

/// Reads a collector's options; a mistake fails the test.
inline MakeCollector Configured(MakeCollector (*configure)(YamlMap&), const std::string& yaml) {
  Diagnostics diagnostics("f.yaml");
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  MakeCollector make;
  if (node) {
    YamlMap map(*node, diagnostics);
    make = configure(map);
  }
  BOOST_TEST_REQUIRE(diagnostics.empty(), diagnostics.Text());
  return make;
}

/// Runs collections of one collector. One thread at a time.
class SqlWatcher {
 public:
  explicit SqlWatcher(MakeCollector make, std::filesystem::path state_file = {})
      : make_(std::move(make)), environment_{clock, log_, std::move(state_file)} {
    Restart();
  }

  /// A new process on the same state file.
  void Restart() { collector_ = make_(environment_); }

  /// One collection, `later` than the one before; the status is kept in `status`.
  Values Collect(Duration later = std::chrono::seconds(15)) {
    clock.Advance(later);
    MetricSink sink({.max_series = 10'000, .constant_labels = {}}, nullptr);
    Collection collection{sink};
    status = collector_->Collect(Soon(), collection);
    parts.clear();
    for (const SourceReport& part : collection.parts) {
      parts.push_back(part.source + ": " + part.status.error().message);
    }
    skew = collection.clock_skew_seconds;
    dropped = sink.dropped();
    return dagster::ValuesOf(*sink.Finish(clock.Now()));
  }

  /// A collection that has to succeed and to leave nothing out.
  Values CollectWhole(Duration later = std::chrono::seconds(15)) {
    Values values = Collect(later);
    BOOST_TEST_REQUIRE(static_cast<bool>(status), (status ? "" : status.error().message));
    for (const std::string& part : parts) BOOST_TEST(false, part);
    BOOST_TEST((dropped == DropCounts{}));
    return values;
  }

  std::vector<Finding> Check() { return collector_->Check(Soon()); }

  FakeClock clock;
  /// How long a collection may take, by the real clock.
  Duration time_allowed = std::chrono::seconds(60);
  Status status;
  std::vector<std::string> parts;
  std::optional<double> skew;
  DropCounts dropped{};

 private:
  Attempt Soon() const {
    return {std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()) + time_allowed,
            {}};
  }

  const MakeCollector make_;
  const Log log_{LogLevel::kError, LogFormat::kLogfmt};
  const Environment environment_;
  std::unique_ptr<Collector> collector_;
};

/// How a role logs in to the test program's server over TCP, as YAML's flow style.
inline std::string PostgresYaml(const PostgresServer& server, const std::string& user,
                                const std::string& password,
                                const std::string& database = "postgres") {
  return "{host: 127.0.0.1, port: " + std::to_string(server.port()) + ", user: " + user +
         ", password: " + password + ", database: " + database + ", sslmode: disable}";
}

}  // namespace tocsin::collectors
