#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "collectors/kailash/iso_time.h"

namespace tocsin::collectors::kailash {

/// The executions that were seen to begin and not yet to end. Kailash has no index on when an
/// execution ended, so each of these is looked at again by its id. Bounded in number and age: a
/// process that crashed leaves its executions pending for ever. One thread at a time.
class OpenExecutions {
 public:
  static constexpr std::size_t kMost = 50'000;
  static constexpr std::chrono::hours kLongest{24};

  std::size_t size() const { return since_.size(); }

  /// False if there is no room.
  bool Add(const std::string& run_id, Moment now);
  void Remove(const std::string& run_id) { since_.erase(run_id); }

  /// The next ones to look at, at most `most`: all have their turn before one has it again.
  std::vector<std::string> NextBatch(std::size_t most);

  /// Drops those that have been open for longer than kLongest, and says how many they were.
  std::size_t Expire(Moment now);

  boost::json::object Save() const;
  void Restore(const boost::json::value& saved);

 private:
  std::map<std::string, Moment> since_;  // When each was first seen.
  std::string last_;                     // The last one that had its turn.
};

}  // namespace tocsin::collectors::kailash
