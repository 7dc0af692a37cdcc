#pragma once

#include <cstdint>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "collectors/collector.h"

namespace tocsin::collectors {

/// One entry of a list such as `file_sd_configs`, and the targets that it names. One thread at a
/// time.
class TargetSource {
 public:
  TargetSource() = default;
  virtual ~TargetSource() = default;
  TargetSource(const TargetSource&) = delete;
  TargetSource& operator=(const TargetSource&) = delete;

  /// Before Refresh(), and before that of all other sources: begins what it will wait for, so that
  /// one source's wait is not added to another's.
  virtual void Begin(const Attempt& /*attempt*/) {}

  /// Looks for changes, if it is time to. What could not be read stays as it was, and is told by an
  /// error until it can.
  virtual Status Refresh(const Attempt& attempt) = 0;

  /// Adds the targets before relabelling.
  virtual void AppendTargets(std::vector<Labels>& targets) const = 0;

  /// Becomes another number whenever AppendTargets() may add something else than before.
  virtual std::uint64_t changes() const = 0;
};

}  // namespace tocsin::collectors
