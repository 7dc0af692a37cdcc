// Writes generated samples to a server by remote write, as fast as it takes them:
//
//     remote_write_load URL SERIES INTERVAL_SECONDS SAMPLES END_SECONDS [PREFIX]
//
// Of SERIES series, half are gauges `m` (half of these constant, a quarter stepping each minute, a
// quarter random with three decimals), a quarter counters `c`, and a quarter `h_bucket`, ten
// buckets to a histogram. With a PREFIX all are gauges of that name. Values depend on the series
// and the time alone, so every server gets the same.

#include <snappy.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>
#include <fmt/format.h>

namespace {

constexpr std::size_t kSeriesPerRequest = 500;
constexpr std::size_t kSamplesPerRequest = 60;
constexpr std::size_t kBuckets = 10;

void AppendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void AppendField(std::string& out, int number, std::string_view bytes) {
  AppendVarint(out, static_cast<std::uint64_t>(number) << 3 | 2);
  AppendVarint(out, bytes.size());
  out += bytes;
}

std::uint64_t Hash(std::uint64_t x) {
  x = (x ^ x >> 31) * 0x7fb5d329728ea185;
  x = (x ^ x >> 27) * 0x81dadef4bc2dd44d;
  return x ^ x >> 33;
}

struct Series {
  enum class Kind { kConstant, kStep, kRandom, kCounter, kBucket };
  Kind kind;
  std::uint64_t number;
  std::string labels;  ///< Encoded.

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

std::string Encode(std::span<const std::pair<std::string_view, std::string>> labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    std::string label;
    AppendField(label, 1, name);
    AppendField(label, 2, value);
    AppendField(out, 1, label);
  }
  return out;
}

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
  std::vector<std::pair<std::string_view, std::string>> labels = {
      {"__name__", name},
      {"asset", fmt::format("asset_{:06}", asset)},
      {"instance", fmt::format("host-{:02}:9100", asset % 50)},
      {"job", fmt::format("job-{:02}", asset % 20)}};
  if (!le.empty()) labels.emplace_back("le", le);
  series.labels = Encode(labels);
  return series;
}

class Writer {
 public:
  explicit Writer(const std::string& url) : curl_(curl_easy_init()) {
    headers_ = curl_slist_append(headers_, "Content-Type: application/x-protobuf");
    headers_ = curl_slist_append(headers_, "Content-Encoding: snappy");
    headers_ = curl_slist_append(headers_, "X-Prometheus-Remote-Write-Version: 0.1.0");
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
  }
  ~Writer() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  bool Write(const std::string& message) {
    snappy::Compress(message.data(), message.size(), &body_);
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body_.data());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE, static_cast<long>(body_.size()));
    long status = 0;
    if (curl_easy_perform(curl_) != CURLE_OK) return false;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    return status / 100 == 2;
  }

 private:
  CURL* curl_;
  curl_slist* headers_ = nullptr;
  std::string body_;
};

void AppendSeries(std::string& message, const Series& series, std::int64_t begin,
                  std::int64_t interval, std::size_t count) {
  std::string encoded = series.labels;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t time = begin + static_cast<std::int64_t>(i) * interval;
    const double value = series.At(time);
    std::string sample(1, '\x09');
    sample.append(reinterpret_cast<const char*>(&value), sizeof value);
    sample += '\x10';
    AppendVarint(sample, static_cast<std::uint64_t>(time) * 1000);
    AppendField(encoded, 2, sample);
  }
  AppendField(message, 1, encoded);
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
  Writer writer(argv[1]);
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
