// A collector made from YAML, and what its collections give.

#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/metric_sink.h"
#include "base/yaml.h"
#include "collectors/registry.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"

namespace tocsin::collectors {

/// Values by series, `name{label="value",...}` with labels sorted by name; of histograms that are
/// made here, `name_sum` and `name_count`.
using SeriesValues = std::map<std::string, double>;

inline std::string SeriesName(const std::string& name, std::map<std::string, std::string> labels) {
  std::string text;
  for (const auto& [label, value] : labels) {
    text += (text.empty() ? "" : ",") + label + "=\"" + value + "\"";
  }
  return text.empty() ? name : name + "{" + text + "}";
}

inline SeriesValues SeriesValuesOf(const Snapshot& snapshot) {
  SeriesValues values;
  for (const FamilyPoints& family : snapshot.families) {
    const FamilyShape& shape = *family.shape;
    const std::size_t width = shape.values_per_series();
    for (std::size_t i = 0; i < shape.series_count(); ++i) {
      SeriesParts parts(shape.series(i));
      std::string name = shape.name;
      std::map<std::string, std::string> labels;
      if (shape.form == SeriesForm::kFlat) {
        name = parts.Take();
        while (!parts.empty()) {
          const std::string label(parts.Take());
          labels[label] = parts.Take();
        }
      } else {
        for (const std::string& label : shape.label_names) labels[label] = parts.Take();
      }
      values[SeriesName(name, labels)] = family.values[i * width];
    }
  }
  return values;
}

/// Options in YAML, read by a kind of collector. `problem` is empty if they are good.
struct ConfiguredCollector {
  MakeCollector make;
  std::string problem;
};
inline ConfiguredCollector Configure(MakeCollector (*configure)(YamlMap&),
                                     const std::string& yaml) {
  Diagnostics diagnostics("test.yaml");
  ConfiguredCollector configured;
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  if (node) {
    YamlMap options(*node, diagnostics);
    configured.make = configure(options);
  }
  configured.problem = diagnostics.Text();
  return configured;
}

/// One collector under a clock that the test moves. Requests are real, so they take real time.
class Collected {
 public:
  Collected(MakeCollector (*configure)(YamlMap&), const std::string& yaml,
            std::filesystem::path state_file = {}) {
    ConfiguredCollector configured = Configure(configure, yaml);
    if (!configured.problem.empty()) throw std::runtime_error(configured.problem);
    collector_ = configured.make({clock, log.log(), std::move(state_file)});
  }

  /// Collects once; what came of it stands in the members below.
  Status Collect(const Attempt& attempt = LongAttempt()) {
    MetricSink sink({.max_series = 1000, .constant_labels = {}}, nullptr);
    Collection collection{sink};
    Status status = collector_->Collect(attempt, collection);
    values = SeriesValuesOf(*sink.Finish(clock.Now()));
    dropped = sink.dropped();
    sources.clear();
    for (const SourceReport& report : collection.sources) sources[report.source] = TextOf(report);
    parts.clear();
    for (const SourceReport& report : collection.parts) {
      if (!report.status) parts[report.source] = TextOf(report);
    }
    return status;
  }

  bool Has(const std::string& series) const { return values.contains(series); }
  /// The value of a series; one that is not there fails the test.
  double At(const std::string& series) const {
    const auto found = values.find(series);
    BOOST_TEST_REQUIRE((found != values.end()), "no series " + series);
    return found->second;
  }
  /// How many series there are of one name.
  std::size_t Count(const std::string& name) const {
    return static_cast<std::size_t>(
        std::count_if(values.begin(), values.end(), [&](const auto& value) {
          return value.first == name || value.first.starts_with(name + "{");
        }));
  }

  FakeClock clock;
  RecordedLog log;
  SeriesValues values;
  DropCounts dropped{};
  std::map<std::string, std::string> sources;  ///< By name: what is wrong, or "".
  std::map<std::string, std::string> parts;    ///< Those that failed.

 private:
  static std::string TextOf(const SourceReport& report) {
    return report.status ? "" : report.status.error().message;
  }

  std::unique_ptr<Collector> collector_;
};

}  // namespace tocsin::collectors
