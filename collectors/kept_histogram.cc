#include "collectors/kept_histogram.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>

#include "collectors/json_member.h"

namespace tocsin::collectors {

void KeptHistogram::Observe(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  ++counts_[static_cast<std::size_t>(bucket)];
  sum_ += value;
}

void KeptHistogram::Merge(const KeptHistogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  sum_ += other.sum_;
}

boost::json::object KeptHistogram::Save() const {
  return {{"bounds", boost::json::array(bounds_.begin(), bounds_.end())},
          {"counts", boost::json::array(counts_.begin(), counts_.end())},
          {"sum", sum_}};
}

void KeptHistogram::Restore(const boost::json::value& saved) {
  const boost::json::array counts = ArrayIn(saved, "counts");
  if (ArrayIn(saved, "bounds") != boost::json::array(bounds_.begin(), bounds_.end()) ||
      counts.size() != counts_.size()) {
    return;
  }
  std::vector<std::uint64_t> restored;
  for (const boost::json::value& count : counts) {
    boost::json::error_code inexact;
    restored.push_back(count.is_number() ? count.to_number<std::uint64_t>(inexact) : 0);
    if (inexact) return;
  }
  const std::optional<double> sum = NumberIn(saved, "sum");
  if (!sum) return;
  counts_ = std::move(restored);
  sum_ = *sum;
}

}  // namespace tocsin::collectors
