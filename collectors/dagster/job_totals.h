// What was counted about the runs of each job.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "collectors/dagster/naive_time.h"
#include "collectors/dagster/outcome.h"

namespace tocsin::collectors::dagster {

struct LastRun {
  Moment ended{};
  std::size_t outcome = kSuccess;
  std::optional<double> duration = std::nullopt;  ///< In seconds, from creation.
};

struct JobTotals {
  std::array<std::uint64_t, kOutcomes> completed{};  ///< By Outcome.
  std::uint64_t retried = 0;
  std::uint64_t will_retry = 0;
  std::optional<LastRun> last;

  /// Takes note of a run that finished; the one that ended last stays.
  void NoteLast(const LastRun& run);
  void Add(const JobTotals& other);
};

using Job = std::pair<std::string, std::string>;  ///< Name, code location.

/// The totals by job, of which only so many have an entry of their own. One thread at a time.
class JobTable {
 public:
  /// Jobs beyond the first `most` share one entry, called kOtherJobs.
  explicit JobTable(std::size_t most) : most_(most) {}

  /// The totals of a job, or those that it shares.
  JobTotals& Of(const Job& job);
  const std::map<Job, JobTotals>& totals() const { return totals_; }

  boost::json::array Save() const;
  /// Takes over what Save() gave. With a lower limit than then, what no longer fits is added up.
  void Restore(const boost::json::array& saved);

 private:
  std::size_t most_;
  std::map<Job, JobTotals> totals_;
};

}  // namespace tocsin::collectors::dagster
