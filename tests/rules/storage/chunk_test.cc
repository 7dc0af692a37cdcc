#include "rules/storage/chunk.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

constexpr Millis kMin = std::numeric_limits<Millis>::min();
constexpr Millis kMax = std::numeric_limits<Millis>::max();

std::uint64_t Bits(double v) {
  return std::bit_cast<std::uint64_t>(v);
}

void Add(ChunkWriter& writer, Sample sample) {
  BOOST_TEST_REQUIRE(writer.Append({&sample, 1}) == 1U);
}

/// What `samples` become when they are written until the chunk is full, and decoded again.
std::size_t CheckRoundTrip(const std::vector<Sample>& samples) {
  ChunkWriter writer;
  // In pieces, as series do it.
  std::size_t written = 0;
  for (std::size_t piece = 1; written < samples.size() && !writer.full(); ++piece) {
    const std::size_t size = std::min(piece % 20, samples.size() - written);
    written += writer.Append({samples.data() + written, size});
  }
  const RefPtr<const Chunk> chunk = writer.Finish();
  BOOST_TEST(writer.empty());
  BOOST_TEST_REQUIRE(chunk->count() == written);
  BOOST_TEST(chunk->min_t() == samples[0].t);
  BOOST_TEST(chunk->max_t() == samples[written - 1].t);
  std::vector<Millis> t(written);
  std::vector<double> v(written);
  chunk->Decode(t.data(), v.data());
  for (std::size_t i = 0; i < written; ++i) {
    BOOST_TEST_CONTEXT("sample " << i) {
      BOOST_TEST_REQUIRE(t[i] == samples[i].t);
      BOOST_TEST_REQUIRE(Bits(v[i]) == Bits(samples[i].v));
    }
  }
  return written;
}

struct Shape {
  std::string_view name;
  std::function<Millis(Millis t, std::mt19937_64& random)> next_time;
  std::function<double(int i, std::mt19937_64& random)> value;
};

Millis Every15Seconds(Millis t, std::mt19937_64& /*random*/) {
  return t + 15000;
}
Millis Jittered(Millis t, std::mt19937_64& random) {
  return t + 15000 + static_cast<Millis>(random() % 41) - 20;
}
Millis AnyStep(Millis t, std::mt19937_64& random) {
  return t + 1 + static_cast<Millis>(random() >> (20 + random() % 44));
}

const Shape kShapes[] = {
    {"constant", Every15Seconds, [](int, auto&) { return 1.5; }},
    {"constant, jittered", Jittered, [](int, auto&) { return 1.5; }},
    {"constant, any step", AnyStep, [](int, auto&) { return 1.5; }},
    {"counter", Every15Seconds, [](int i, auto&) { return i * 7.0; }},
    {"steps", Jittered, [](int i, auto&) { return i / 4 * 0.1; }},
    {"decimals", Jittered, [](int, auto& random) { return std::round(random() % 100000) / 1000; }},
    {"any bits", AnyStep, [](int, auto& random) { return std::bit_cast<double>(random()); }},
    {"few bits", Every15Seconds,
     [](int, auto& random) { return std::bit_cast<double>(std::uint64_t{1} << random() % 64); }},
    {"mostly constant", Every15Seconds,
     [](int, auto& random) { return random() % 20 == 0 ? static_cast<double>(random()) : 3.0; }},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(chunk_test)

BOOST_AUTO_TEST_CASE(WhatIsWrittenIsRead) {
  for (const Shape& shape : kShapes) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      BOOST_TEST_CONTEXT(shape.name << ", seed " << seed) {
        std::mt19937_64 random(seed);
        std::vector<Sample> samples;
        Millis t = seed % 2 == 0 ? 1'700'000'000'000 : -100'000;
        for (int i = 0; i < 300; ++i) {
          samples.push_back({t, shape.value(i, random)});
          t = shape.next_time(t, random);
        }
        CheckRoundTrip(samples);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(ExtremeTimesAreKept) {
  const std::vector<std::vector<Millis>> cases = {
      {kMin, kMax},     {kMin, 0, kMax},           {kMin, kMin + 1, kMax - 1, kMax},
      {kMin, -1, 0, 1}, {-15000, 0, 15000, 30000}, {kMax},
      {0, 1, kMax},
  };
  for (const std::vector<Millis>& times : cases) {
    std::vector<Sample> samples;
    for (const Millis t : times) samples.push_back({t, static_cast<double>(t)});
    BOOST_TEST(CheckRoundTrip(samples) == times.size());
  }
}

BOOST_AUTO_TEST_CASE(BorderStepsAreKept) {
  std::vector<Sample> samples;
  Millis t = 0;
  Millis step = 1 << 30;
  for (const Millis change :
       {63, 64, 65, -63, -64, -65, 2047, 2048, -2048, -2049, 524287, 524288, -524288, -524289}) {
    step += change;
    samples.push_back({t += step, 1});
    samples.push_back({t += step, 2});
  }
  BOOST_TEST(CheckRoundTrip(samples) == samples.size());
}

BOOST_AUTO_TEST_CASE(ValuesKeepTheirBits) {
  std::vector<Sample> samples;
  for (const std::uint64_t bits :
       {kStaleNanBits, kNormalNanBits, std::uint64_t{0x7ff0000000000001}, ~std::uint64_t{0},
        std::uint64_t{0x8000000000000000}, std::uint64_t{0}, std::uint64_t{1}, kStaleNanBits,
        Bits(std::numeric_limits<double>::infinity()), Bits(std::numeric_limits<double>::max())}) {
    samples.push_back({static_cast<Millis>(samples.size()), std::bit_cast<double>(bits)});
  }
  BOOST_TEST(CheckRoundTrip(samples) == samples.size());
}

BOOST_AUTO_TEST_CASE(AChunkKnowsWhetherItHasStaleMarkers) {
  ChunkWriter writer;
  Add(writer, {1, 1});
  Add(writer, {2, kStaleNan});
  BOOST_TEST(writer.Finish()->has_stale());
  Add(writer, {3, std::bit_cast<double>(kNormalNanBits)});
  BOOST_TEST(!writer.Finish()->has_stale());
}

BOOST_AUTO_TEST_CASE(AConstantSeriesTakesABitPerSample) {
  ChunkWriter writer;
  for (Millis t = 0; !writer.full(); t += 15000) Add(writer, {t, 42.5});
  const RefPtr<const Chunk> chunk = writer.Finish();
  BOOST_TEST(chunk->count() == Chunk::kMostSamples);
  BOOST_TEST(chunk->MemoryBytes() <= 90U);
}

BOOST_AUTO_TEST_CASE(ACopyHasAllThatIsAfterATime) {
  std::mt19937_64 random(7);
  ChunkWriter writer;
  std::vector<Sample> samples;
  while (!writer.full()) {
    samples.push_back(
        {static_cast<Millis>(samples.size()) * 1000, static_cast<double>(random() % 1000) / 8});
    Add(writer, samples.back());
    const auto after = static_cast<Millis>(random() % (samples.size() * 1000 + 1000)) - 1000;
    if (after >= samples.back().t) continue;
    ChunkWriter::Copy copy;
    writer.CopyTo(after, copy);
    const std::size_t first = samples.size() - copy.count;
    BOOST_TEST_REQUIRE(copy.state.t == samples[first - 1].t);
    BOOST_TEST_REQUIRE((copy.first || copy.state.t <= after));
    std::vector<Millis> t(copy.count);
    std::vector<double> v(copy.count);
    DecodeSamples(reinterpret_cast<const std::uint8_t*>(copy.words), copy.state, copy.count,
                  t.data(), v.data());
    for (std::size_t i = 0; i < copy.count; ++i) {
      BOOST_TEST_REQUIRE(t[i] == samples[first + i].t);
      BOOST_TEST_REQUIRE(v[i] == samples[first + i].v);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
