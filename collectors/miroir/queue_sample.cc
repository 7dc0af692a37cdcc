#include "collectors/miroir/queue_sample.h"

#include <algorithm>

namespace tocsin::collectors::miroir {

QueueSample SummarizeJobs(std::span<const RedisReply> replies, double depth) {
  QueueSample sample;
  double sampled = 0;
  double stale = 0;
  for (std::size_t i = 0; i + 1 < replies.size(); i += 2) {
    const std::vector<RedisReply>& job = replies[i + 1].items;
    if (replies[i].integer != 1 || replies[i + 1].is_error()) continue;
    sampled += 1;
    if (job.size() < 3 || job[0].text != "queued") {
      stale += 1;
      continue;
    }
    sample.depth_by_type[job[1].text] += 1;
    if (const std::optional<double> created = job[2].Number()) {
      sample.oldest_at = std::min(sample.oldest_at.value_or(*created / 1000), *created / 1000);
    }
  }
  for (auto& [type, count] : sample.depth_by_type) count *= depth / sampled;
  if (sampled > 0) sample.stale_ratio = stale / sampled;
  return sample;
}

}  // namespace tocsin::collectors::miroir
