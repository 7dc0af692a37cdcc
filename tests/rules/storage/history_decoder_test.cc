#include "rules/storage/history_decoder.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/storage/history_encoder.h"
#include "rules/storage/history_frame.h"

namespace tocsin {
namespace {

using Outcome = HistoryDecoder::Outcome;
constexpr std::size_t kAnySize = 1 << 20;

/// A sample of the series {n="<id>"}.
struct Point {
  std::uint64_t id;
  Millis t;
  double v;

  friend bool operator==(const Point& a, const Point& b) {
    return a.id == b.id && a.t == b.t &&
           std::bit_cast<std::uint64_t>(a.v) == std::bit_cast<std::uint64_t>(b.v);
  }
  friend std::ostream& operator<<(std::ostream& out, const Point& point) {
    return out << point.id << '@' << point.t << '=' << point.v;
  }
};

Labels LabelsOf(std::uint64_t id) {
  return {{"n", std::to_string(id)}};
}

std::string Encode(HistoryEncoder& encoder, const std::vector<Point>& points) {
  std::vector<Labels> labels;
  for (const Point& point : points) labels.push_back(LabelsOf(point.id));
  std::vector<AppendObserver::Appended> batch;
  for (std::size_t i = 0; i < points.size(); ++i) {
    batch.push_back({&labels[i], points[i].id, {points[i].t, points[i].v}});
  }
  return encoder.Encode(batch).substr(kFrameHeader);
}

/// A decoder, and the labels that it has given so far.
struct Reading {
  HistoryDecoder decoder{kAnySize};
  HistoryBatch batch;
  std::vector<Labels> labels = {};

  Outcome Decode(const std::string& record, bool after_damage) {
    const Outcome outcome = decoder.Decode(record, after_damage, batch);
    BOOST_TEST((batch.introduced.empty() || batch.first_introduced >= labels.size()));
    if (!batch.introduced.empty()) labels.resize(batch.first_introduced);
    labels.insert(labels.end(), batch.introduced.begin(), batch.introduced.end());
    BOOST_TEST(labels.size() == decoder.series());
    return outcome;
  }

  /// Of the last record, without those of unknown series.
  std::vector<Point> Points() const {
    std::vector<Point> points;
    for (std::size_t i = 0; i < batch.series.size(); ++i) {
      const std::string_view id = labels[batch.series[i]].Get("n");
      if (id.empty()) continue;
      points.push_back({std::stoull(std::string(id)), batch.TimeOf(i), batch.values[i]});
    }
    return points;
  }
};

void CheckReads(Reading& reading, const std::string& record, const std::vector<Point>& expected) {
  BOOST_TEST_REQUIRE((reading.Decode(record, /*after_damage=*/false) == Outcome::kRead));
  BOOST_TEST(reading.Points() == expected, boost::test_tools::per_element());
}

constexpr Millis kEarliest = std::numeric_limits<Millis>::min();
constexpr Millis kLatest = std::numeric_limits<Millis>::max();
const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kOddNan = std::bit_cast<double>(std::uint64_t{0xfff8000000abcdef});

}  // namespace

BOOST_AUTO_TEST_SUITE(history_decoder_test)

BOOST_AUTO_TEST_CASE(WhatWasEncodedComesBackBitByBit) {
  const struct {
    std::string_view name;
    std::vector<std::vector<Point>> batches;
  } kCases[] = {
      {"one sample", {{{1, 1000, 2.5}}}},
      {"the same series again", {{{1, 1, 1}, {2, 1, 2}}, {{1, 2, 1}, {2, 2, 3}}}},
      {"series that come and go", {{{5, 1, 1}}, {{7, 2, 1}, {5, 2, 1}}, {{6, 3, 1}}, {{7, 4, 1}}}},
      {"identifiers far apart", {{{1, 1, 1}, {std::uint64_t{1} << 62, 1, 2}, {70'000, 1, 3}}}},
      {"several samples of a series", {{{1, 1, 1}, {1, 2, 2}, {1, 3, 4}}, {{1, 4, 4}}}},
      {"times of their own", {{{1, 10, 1}, {2, 5, 1}, {3, -20, 1}}, {{2, kLatest, 1}}}},
      {"all of time", {{{1, kEarliest, 1}, {1, kLatest, 2}}, {{2, kEarliest, 1}}, {{2, 0, 1}}}},
      {"zeros", {{{1, 1, 0.0}}, {{1, 2, -0.0}}, {{1, 3, 0.0}}}},
      {"what is no number", {{{1, 1, kNan}, {2, 1, kStaleNan}}, {{1, 2, kOddNan}, {2, 2, kNan}}}},
      {"the ends of doubles", {{{1, 1, 5e-324}}, {{1, 2, -1.7976931348623157e308}}, {{1, 3, 1}}}},
  };
  for (const auto& test : kCases) {
    BOOST_TEST_CONTEXT(test.name) {
      HistoryEncoder encoder;
      encoder.Start();
      Reading reading;
      for (const auto& points : test.batches) CheckReads(reading, Encode(encoder, points), points);
    }
  }
}

BOOST_AUTO_TEST_CASE(RandomBatchesComeBack) {
  std::mt19937_64 random(20);
  HistoryEncoder encoder;
  encoder.Start();
  Reading reading;
  Millis t = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<Point> points;
    const std::size_t size = 1 + random() % 40;
    const bool has_own_times = random() % 4 == 0;
    t += static_cast<Millis>(random() % 100);
    for (std::size_t i = 0; i < size; ++i) {
      const double small = static_cast<double>(random() % 4);
      const double v = random() % 8 == 0 ? std::bit_cast<double>(random()) : small;
      points.push_back({random() % 100, has_own_times ? static_cast<Millis>(random()) : t, v});
    }
    CheckReads(reading, Encode(encoder, points), points);
  }
}

BOOST_AUTO_TEST_CASE(UnchangedSeriesCostABit) {
  HistoryEncoder encoder;
  encoder.Start();
  std::vector<Point> points;
  for (std::uint64_t id = 0; id < 8000; ++id) points.push_back({id, 1000, 1});
  Encode(encoder, points);
  for (Point& point : points) point.t = 2000;
  BOOST_TEST(Encode(encoder, points).size() <= 1000U + 16U);
}

BOOST_AUTO_TEST_CASE(RestartsComeInTime) {
  HistoryEncoder encoder;
  encoder.Start();
  std::vector<std::vector<Point>> batches;
  std::vector<std::string> records;
  for (Millis t = 0; t < 1000; ++t) {
    batches.push_back({{1, t, 0.1 * static_cast<double>(t)}, {2, t, 1}});
    records.push_back(Encode(encoder, batches.back()));
  }
  // Whichever record is lost, what follows is read after few others, and is what was written. The
  // first one also has the labels, and so is not lost here.
  for (std::size_t lost = 1; lost + 100 < records.size(); ++lost) {
    Reading reading;
    std::size_t read = 0;
    for (std::size_t i = 0; i < lost + 100; ++i) {
      if (i == lost) continue;
      if (reading.Decode(records[i], i == lost + 1) != Outcome::kRead) {
        BOOST_TEST(reading.batch.series.empty());
        continue;
      }
      ++read;
      if (reading.Points() != batches[i]) BOOST_ERROR("lost " << lost << ", read " << i);
    }
    if (read < lost + 70) BOOST_ERROR("lost " << lost << ", read only " << read);
  }
}

BOOST_AUTO_TEST_CASE(LostLabelsAreNotReplacedByOthers) {
  HistoryEncoder encoder;
  encoder.Start();
  std::vector<std::string> records;
  for (Millis t = 0; t < 200; ++t) {
    std::vector<Point> points = {{1, t, static_cast<double>(t)}};
    if (t >= 10) points.push_back({2, t, 2});
    if (t >= 20) points.push_back({3, t, 3});
    records.push_back(Encode(encoder, points));
  }
  Reading reading;
  std::vector<Point> last;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i == 10) continue;  // Introduces series 2.
    if (reading.Decode(records[i], i == 11) == Outcome::kRead) last = reading.Points();
  }
  const std::vector<Point> expected = {{1, 199, 199}, {3, 199, 3}};
  BOOST_TEST(last == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(AnotherEncoderGoesOn) {
  HistoryEncoder first;
  first.Start();
  Reading reading;
  CheckReads(reading, Encode(first, {{1, 1, 1}, {2, 1, 2}}), {{1, 1, 1}, {2, 1, 2}});
  Reading other;
  HistoryEncoder again;
  again.Start();
  BOOST_TEST((other.Decode(Encode(again, {{1, 1, 1}, {2, 1, 2}}), false) == Outcome::kRead));
  HistoryEncoder second;
  second.Resume(other.decoder.TakeState(other.labels), 100);
  BOOST_TEST(second.segment_bytes() == 100U);
  BOOST_TEST(second.label_bytes() > 0U);
  const std::vector<Point> points = {{2, 2, 2}, {3, 2, 3}, {1, 2, 1}};
  const std::string record = Encode(second, points);
  CheckReads(reading, record, points);
  BOOST_TEST(record.size() < 30U);  // Values go on too.
}

BOOST_AUTO_TEST_CASE(WhatDoesNotParseIsDamaged) {
  HistoryEncoder encoder;
  encoder.Start();
  const std::vector<Point> points = {{1, 1, 1.5}, {2, 7, 2.5}};
  const std::string record = Encode(encoder, points);
  HistoryBatch batch;
  for (std::size_t size = 0; size < record.size(); ++size) {
    BOOST_TEST_CONTEXT(size) {
      HistoryDecoder decoder(kAnySize);
      const auto outcome = decoder.Decode(record.substr(0, size), false, batch);
      BOOST_TEST((outcome == Outcome::kDamaged));
    }
  }
  HistoryDecoder decoder(kAnySize);
  BOOST_TEST((decoder.Decode(record + "x", false, batch) == Outcome::kDamaged));
  BOOST_TEST((decoder.Decode(Encode(encoder, points), false, batch) == Outcome::kSkipped));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
