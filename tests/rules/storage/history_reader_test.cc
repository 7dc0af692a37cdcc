#include "rules/storage/history_reader.h"

#include <cstdint>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/storage/history_encoder.h"

namespace tocsin {
namespace {

constexpr std::size_t kSeries = 500;

/// Records of which each has samples of all series, and introduces one more.
std::vector<std::string> MakeFrames(std::size_t bytes) {
  std::vector<Labels> labels;
  std::vector<std::string> frames;
  HistoryEncoder encoder;
  encoder.Start();
  for (std::size_t i = 0; i < kSeries; ++i) labels.push_back({{"n", std::to_string(i)}});
  for (Millis t = 0; encoder.segment_bytes() < bytes; ++t) {
    labels.push_back({{"n", std::to_string(labels.size())}});
    std::vector<AppendObserver::Appended> batch;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      batch.push_back({&labels[i], i, {t, static_cast<double>(i * 1000) + static_cast<double>(t)}});
    }
    frames.push_back(encoder.Encode(batch));
  }
  return frames;
}

std::string Join(const std::vector<std::string>& frames) {
  std::string segment;
  for (const std::string& frame : frames) segment += frame;
  return segment;
}

/// Reads all of a segment of MakeFrames(); the times of the records.
std::vector<Millis> ReadAll(HistoryReader& reader) {
  std::vector<Millis> times;
  std::size_t series = 0;
  while (const std::optional<HistoryBatch> batch = reader.Next()) {
    if (!batch->introduced.empty()) {
      BOOST_TEST(batch->first_introduced >= series);
      series = batch->first_introduced + batch->introduced.size();
      BOOST_TEST(batch->introduced.back().Get("n") == std::to_string(series - 1));
    }
    if (batch->series.empty()) continue;
    times.push_back(batch->t);
    for (std::size_t i = 0; i < batch->series.size(); ++i) {
      const double expected =
          static_cast<double>(batch->series[i] * 1000) + static_cast<double>(batch->t);
      if (batch->values[i] != expected) BOOST_ERROR("series " << i << " at " << batch->t);
    }
  }
  return times;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(history_reader_test)

BOOST_AUTO_TEST_CASE(RecordsComeInOrder) {
  for (const std::size_t bytes : {std::size_t{1}, HistoryReader::kLarge}) {
    BOOST_TEST_CONTEXT(bytes) {
      const std::vector<std::string> frames = MakeFrames(bytes);
      const std::string segment = Join(frames) + "torn";
      HistoryReader reader(segment);
      const std::vector<Millis> times = ReadAll(reader);
      BOOST_TEST(times.size() == frames.size());
      for (std::size_t i = 0; i < times.size(); ++i) {
        BOOST_TEST(times[i] == static_cast<Millis>(i));
      }
      BOOST_TEST(reader.lost_records() == 0U);
      BOOST_TEST(reader.frames().intact_end() == segment.size() - 4);
      BOOST_TEST(reader.decoder().series() == kSeries + frames.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(DamageCostsRecordsUpToTheNextRestart) {
  std::vector<std::string> frames = MakeFrames(HistoryReader::kLarge);
  frames[frames.size() / 2].back() ^= 1;
  const std::string segment = Join(frames);
  HistoryReader reader(segment);
  const std::vector<Millis> times = ReadAll(reader);
  BOOST_TEST(times.size() > frames.size() / 2);
  BOOST_TEST(times.size() + reader.lost_records() + 1 == frames.size());
  BOOST_TEST(reader.frames().damages() == 1U);
  BOOST_TEST(times.back() == static_cast<Millis>(frames.size()) - 1);
}

BOOST_AUTO_TEST_CASE(WhoStopsEarlyDoesNotWait) {
  const std::string segment = Join(MakeFrames(8 * HistoryReader::kLarge));
  for (const std::size_t taken : {std::size_t{0}, std::size_t{1}, std::size_t{100}}) {
    HistoryReader reader(segment);
    for (std::size_t i = 0; i < taken; ++i) BOOST_TEST(reader.Next().has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
