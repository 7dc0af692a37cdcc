#include "tests/differential/samples.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "tests/differential/random.h"

namespace tocsin::promql {
namespace {

constexpr Millis kInterval = 10'000;
/// Small enough that no range of gapless samples looks like one with a gap to rate().
constexpr Millis kJitter = 150;

constexpr std::array<std::string_view, 3> kJobs = {"api", "web", "db"};
constexpr std::array<std::string_view, 3> kInstances = {"a:80", "b:80", "c:80"};
constexpr std::array<std::string_view, 6> kBounds = {"0.1", "0.25", "0.5", "1", "2.5", "+Inf"};

/// When one target was scraped: all of its series have the same times.
std::vector<Millis> ScrapeTimes(Random& random) {
  std::vector<Millis> times;
  // Half a second off the whole ones, so that jitter does not lead there.
  for (Millis at = kDataStart + 500 + random.Between(0, 9) * 1000; at < kDataEnd; at += kInterval) {
    times.push_back(at + random.Between(-kJitter, kJitter));
  }
  return times;
}

enum class Resets { kNone, kSome };

/// Grows by up to `most` each time; falls to zero once in a while if there are `resets`.
Samples Counter(Random& random, const std::vector<Millis>& times, std::int64_t most,
                Resets resets = Resets::kSome) {
  Samples samples;
  std::int64_t value = random.Between(0, 1000);
  for (const Millis at : times) {
    if (resets == Resets::kSome && random.OneIn(200)) value = 0;
    samples.t.push_back(at);
    samples.v.push_back(static_cast<double>(value));
    value += random.OneIn(4) ? 0 : random.Between(0, most);
  }
  return samples;
}

Samples Gauge(Random& random, const std::vector<Millis>& times, std::int64_t low, std::int64_t high,
              double unit) {
  Samples samples;
  std::int64_t value = random.Between(low, high);
  for (const Millis at : times) {
    if (!random.OneIn(3)) value = random.Between(low, high);
    samples.t.push_back(at);
    samples.v.push_back(static_cast<double>(value) * unit);
  }
  return samples;
}

/// `samples` with missing scrapes, and with silences that begin with a stale marker.
Samples WithGaps(Random& random, const Samples& samples) {
  Samples left;
  std::size_t silent_until = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i < silent_until || random.OneIn(20)) continue;
    const bool ends = random.OneIn(60);
    if (ends) silent_until = i + static_cast<std::size_t>(random.Between(2, 60));
    left.t.push_back(samples.t[i]);
    left.v.push_back(ends ? kStaleNan : samples.v[i]);
  }
  return left;
}

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  std::vector<GeneratedSeries> Make() {
    for (const std::string_view job : kJobs) {
      Add({{"__name__", "limit"}, {"job", job}}, Gauge(random_, ScrapeTimes(random_), 1, 9, 100));
      for (const std::string_view instance : kInstances) AddTarget(job, instance);
    }
    return std::move(series_);
  }

 private:
  void Add(Labels labels, Samples samples) {
    series_.push_back({std::move(labels), std::move(samples)});
  }

  void AddTarget(std::string_view job, std::string_view instance) {
    const std::vector<Millis> times = ScrapeTimes(random_);
    for (const std::string_view code : {"200", "404", "500"}) {
      Add({{"__name__", "requests_total"}, {"job", job}, {"instance", instance}, {"code", code}},
          Counter(random_, times, 500));
    }
    Samples bytes = Counter(random_, times, 5000, Resets::kNone);
    for (double& value : bytes.v) value += 1e12;
    Add({{"__name__", "bytes_total"}, {"job", job}, {"instance", instance}},
        WithGaps(random_, bytes));
    for (const std::string_view queue : {"in", "out"}) {
      Add({{"__name__", "queue_depth"}, {"job", job}, {"instance", instance}, {"queue", queue}},
          Gauge(random_, times, 0, 1'000'000'000, 1));
    }
    Add({{"__name__", "temperature"}, {"job", job}, {"instance", instance}},
        WithGaps(random_, Gauge(random_, times, -400'000'000, 800'000'000, 0.125)));
    Add({{"__name__", "build_info"},
         {"job", job},
         {"instance", instance},
         {"version", random_.OneIn(2) ? "1.2.3" : "1.2.4"}},
        Gauge(random_, times, 1, 1, 1));
    AddHistogram(job, instance, times);
  }

  void AddHistogram(std::string_view job, std::string_view instance,
                    const std::vector<Millis>& times) {
    std::vector<double> below(times.size(), 0);
    for (const std::string_view bound : kBounds) {
      const Samples more = Counter(random_, times, 40);
      Samples bucket;
      bucket.t = times;
      for (std::size_t i = 0; i < times.size(); ++i) bucket.v.push_back(below[i] += more.v[i]);
      Add({{"__name__", "latency_bucket"}, {"job", job}, {"instance", instance}, {"le", bound}},
          bucket);
    }
    Add({{"__name__", "latency_count"}, {"job", job}, {"instance", instance}},
        {times, std::move(below)});
    Add({{"__name__", "latency_sum"}, {"job", job}, {"instance", instance}},
        Counter(random_, times, 300));
  }

  Random random_;
  std::vector<GeneratedSeries> series_;
};

}  // namespace

std::vector<GeneratedSeries> MakeSamples(std::uint64_t seed) {
  return Maker(seed).Make();
}

}  // namespace tocsin::promql
