// A collector, made from YAML as the configuration has it.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/yaml.h"
#include "collectors/registry.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"

namespace tocsin::collectors {

/// Reads the options of a collector called `kind`, and makes it if they are good.
struct Configured {
  Configured(std::string_view kind, const std::string& yaml) {
    const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
    if (!node) return;
    YamlMap options(*node, diagnostics);
    make = FindCollector(kind)->configure(options);
  }

  /// To be called once all options were good.
  std::unique_ptr<Collector> Make() const {
    return make({.clock = clock, .log = log.log(), .state_file = {}});
  }

  /// What was wrong with the options; one line each.
  std::string problems() const { return diagnostics.Text(); }

  FakeClock clock;
  RecordedLog log;
  Diagnostics diagnostics{"test.yaml"};
  MakeCollector make;
};

}  // namespace tocsin::collectors
