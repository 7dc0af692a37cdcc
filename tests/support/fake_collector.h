// A collector that does what a test tells it, and the configuration of an instance of it.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "collectors/collector.h"
#include "collectors/instance.h"
#include "collectors/registry.h"

namespace tocsin::collectors {

using CollectFunction = std::function<Status(const Attempt&, Collection&)>;

class FakeCollector final : public Collector {
 public:
  explicit FakeCollector(CollectFunction collect) : collect_(std::move(collect)) {}
  Status Collect(const Attempt& attempt, Collection& collection) override {
    return collect_(attempt, collection);
  }

 private:
  const CollectFunction collect_;
};

inline constexpr CollectorEntry kFakeKind{
    .name = "fake", .summary = "Tests.", .options = {}, .metrics = {}, .configure = nullptr};

/// Every 15 s, at most 5 s, stale after 45 s.
inline InstanceConfig FakeConfig(std::string name, CollectFunction collect) {
  InstanceConfig config;
  config.kind = &kFakeKind;
  config.name = std::move(name);
  config.interval = std::chrono::seconds(15);
  config.timeout = std::chrono::seconds(5);
  config.stale_after = std::chrono::seconds(45);
  config.make = [collect = std::move(collect)](const Environment&) {
    return std::make_unique<FakeCollector>(collect);
  };
  return config;
}

}  // namespace tocsin::collectors
