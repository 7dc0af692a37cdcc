// One of the things that tell about a Dagster: its database, its webserver, a lease.

#pragma once

#include "base/result.h"
#include "collectors/collector.h"

namespace tocsin::collectors::dagster {

/// Reads one source. It may keep a connection and what it read between collections; one thread at a
/// time.
class Source {
 public:
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// Reads the source once, by the deadline of `attempt`, adds its points to `collection`, names
  /// the parts of it that could not be read, and may say how far its clock is ahead. On failure
  /// nothing is added but what says that it failed.
  virtual Status Collect(const Attempt& attempt, Collection& collection) = 0;
};

}  // namespace tocsin::collectors::dagster
