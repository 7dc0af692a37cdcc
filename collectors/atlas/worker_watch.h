// Whether the pages of one address come from one process.

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace tocsin::collectors::atlas {

/// Python's Prometheus client counts per process. Several workers behind one address that do not
/// add up what they counted (PROMETHEUS_MULTIPROC_DIR) answer in turn, and every counter jumps
/// between theirs. What gives them away is when each was started and created its counters. One
/// thread at a time.
class WorkerWatch {
 public:
  /// Takes note of the page of one address. True if another process answered than at its last page.
  bool IsAnother(std::string_view page);

 private:
  /// By series, as the page spells them, the moments at which they came to be.
  std::map<std::string, std::string, std::less<>> born_;
};

}  // namespace tocsin::collectors::atlas
