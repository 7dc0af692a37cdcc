#include "exporter/check_sources.h"

#include <algorithm>
#include <exception>
#include <iostream>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "collectors/collector.h"

namespace tocsin {
namespace {

using collectors::Finding;

/// A collector that throws has a bug, but the others are looked at all the same.
std::vector<Finding> FindingsOf(const collectors::InstanceConfig& instance, const Log& log) {
  const SystemClock clock;
  const auto threw = [](std::string_view what) {
    return std::vector{Finding{.message = fmt::format("threw: {}", what)}};
  };
  try {
    const collectors::Attempt attempt{clock.SteadyNow() + instance.timeout, {}};
    return instance.make({clock, log, {}})->Check(attempt);
  } catch (const std::exception& exception) {
    return threw(exception.what());
  } catch (...) {
    return threw("something that is not a std::exception");
  }
}

bool CanCollect(const collectors::InstanceConfig& instance, const std::string& file,
                const Log& log) {
  bool is_good = true;
  for (const Finding& finding : FindingsOf(instance, log)) {
    const YamlPlace place = finding.place.value_or(instance.place);
    const bool is_warning = finding.kind == Finding::Kind::kWarning;
    is_good = is_good && is_warning;
    std::cerr << fmt::format("{}:{}:{}: {}collector \"{}\": {}\n", file, place.line, place.column,
                             is_warning ? "warning: " : "", instance.name, finding.message);
  }
  return is_good;
}

}  // namespace

std::size_t CheckSources(const InstanceConfigs& collectors, const std::string& file) {
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  return static_cast<std::size_t>(
      std::count_if(collectors.begin(), collectors.end(),
                    [&](const auto& instance) { return !CanCollect(*instance, file, log); }));
}

}  // namespace tocsin
