// Writes generated samples to a server by remote write, as fast as it takes them:
//
//     remote_write_load URL SERIES INTERVAL_SECONDS SAMPLES END_SECONDS [PREFIX]
//
// Of SERIES series, half are gauges `m` (half of these constant, a quarter stepping each minute, a
// quarter random with three decimals), a quarter counters `c`, and a quarter `h_bucket`, ten
// buckets to a histogram. With a PREFIX all are gauges of that name. Values depend on the series
// and the time alone, so every server gets the same.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "bench/remote_write.h"

namespace {

using tocsin::bench::RemoteWriter;
using tocsin::bench::WrittenSeries;

constexpr std::size_t kSeriesPerRequest = 500;
constexpr std::size_t kSamplesPerRequest = 60;
constexpr std::size_t kBuckets = 10;

std::uint64_t Hash(std::uint64_t x) {
  x = (x ^ x >> 31) * 0x7fb5d329728ea185;
  x = (x ^ x >> 27) * 0x81dadef4bc2dd44d;
  return x ^ x >> 33;
}

struct Series {
  enum class Kind { kConstant, kStep, kRandom, kCounter, kBucket };
  Kind kind;
  std::uint64_t number;
  WrittenSeries labels;

  double At(std::int64_t seconds) const {
    const auto time = static_cast<std::uint64_t>(seconds);
    switch (kind) {
      case Kind::kConstant: return static_cast<double>(number % 1000) / 1000;
      case Kind::kStep: return static_cast<double>(Hash(number + time / 60) % 1000) / 1000;
      case Kind::kRandom: return static_cast<double>(Hash(number * 31 + time) % 1000) / 1000;
      case Kind::kCounter: return static_cast<double>(time % 1'000'000 * (number % 5 + 1));
      case Kind::kBucket: break;
    }
    return static_cast<double>(time % 1'000'000 * (number % kBuckets + 1));
  }
};

Series MakeSeries(std::uint64_t i, std::uint64_t count, std::string_view prefix) {
  Series series;
  series.number = i;
  std::string name(prefix);
  std::string le;
  std::uint64_t asset = i;
  if (!prefix.empty()) {
    series.kind = i % 4 == 0   ? Series::Kind::kRandom
                  : i % 4 == 1 ? Series::Kind::kStep
                               : Series::Kind::kConstant;
  } else if (i < count / 2) {
    name = "m";
    series.kind = i % 4 == 0   ? Series::Kind::kRandom
                  : i % 4 == 1 ? Series::Kind::kStep
                               : Series::Kind::kConstant;
  } else if (i < count / 4 * 3) {
    name = "c";
    series.kind = Series::Kind::kCounter;
  } else {
    name = "h_bucket";
    series.kind = Series::Kind::kBucket;
    const std::uint64_t bucket = i % kBuckets;
    le = bucket + 1 == kBuckets ? "+Inf"
                                : fmt::format("{:.1f}", std::ldexp(1.0, static_cast<int>(bucket)));
    asset = i / kBuckets;
  }
  series.labels.AddLabel("__name__", name);
  series.labels.AddLabel("asset", fmt::format("asset_{:06}", asset));
  series.labels.AddLabel("instance", fmt::format("host-{:02}:9100", asset % 50));
  series.labels.AddLabel("job", fmt::format("job-{:02}", asset % 20));
  if (!le.empty()) series.labels.AddLabel("le", le);
  return series;
}

void AppendSeries(std::string& message, const Series& series, std::int64_t begin,
                  std::int64_t interval, std::size_t count) {
  WrittenSeries written = series.labels;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t time = begin + static_cast<std::int64_t>(i) * interval;
    written.AddSample(time * 1000, series.At(time));
  }
  written.AppendTo(message);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr, "usage: remote_write_load URL SERIES INTERVAL SAMPLES END [PREFIX]\n");
    return 2;
  }
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  const std::int64_t interval = std::atoll(argv[3]);
  const std::size_t samples = std::strtoull(argv[4], nullptr, 10);
  const std::int64_t end = std::atoll(argv[5]);
  const std::string_view prefix = argc > 6 ? argv[6] : "";
  std::vector<Series> all;
  for (std::uint64_t i = 0; i < count; ++i) all.push_back(MakeSeries(i, count, prefix));
  RemoteWriter writer(argv[1]);
  for (std::size_t done = 0; done < samples; done += kSamplesPerRequest) {
    const std::size_t now = std::min(kSamplesPerRequest, samples - done);
    const std::int64_t begin = end - static_cast<std::int64_t>(samples - 1 - done) * interval;
    for (std::size_t first = 0; first < all.size(); first += kSeriesPerRequest) {
      std::string message;
      const std::size_t last = std::min(first + kSeriesPerRequest, all.size());
      for (std::size_t i = first; i < last; ++i)
        AppendSeries(message, all[i], begin, interval, now);
      if (!writer.Write(message)) {
        std::fprintf(stderr, "remote_write_load: %s does not take it\n", argv[1]);
        return 1;
      }
    }
  }
  return 0;
}
