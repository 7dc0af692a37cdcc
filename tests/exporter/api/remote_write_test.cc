#include "exporter/api/remote_write.h"

#include <snappy.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/fake_clock.h"

namespace tocsin::api {
namespace {

void AppendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

std::string Field(int number, std::string_view bytes) {
  std::string out;
  AppendVarint(out, static_cast<std::uint64_t>(number) << 3 | 2);
  AppendVarint(out, bytes.size());
  return out += bytes;
}

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

/// A TimeSeries message.
std::string Series(const Pairs& labels, const std::vector<Sample>& samples,
                   std::string_view more = "") {
  std::string out;
  for (const auto& [name, value] : labels) out += Field(1, Field(1, name) + Field(2, value));
  for (const Sample& sample : samples) {
    std::string encoded(1, '\x09');
    encoded.append(reinterpret_cast<const char*>(&sample.v), sizeof sample.v);
    encoded += '\x10';
    AppendVarint(encoded, static_cast<std::uint64_t>(sample.t));
    out += Field(2, encoded);
  }
  return Field(1, out.append(more));
}

std::string Compressed(const std::string& message) {
  std::string out;
  snappy::Compress(message.data(), message.size(), &out);
  return out;
}

constexpr TimePoint kNow{Duration(1'000'000)};

struct Fixture {
  FakeClock clock{kNow};
  SampleStore store{{.clock = &clock}};

  WriteOutcome Write(const std::string& message) {
    return ReceiveWrite(Compressed(message), store);
  }
  /// The samples of the series called `name`, stale markers included.
  std::vector<Sample> Of(std::string_view name) const {
    const auto selection = store.Select({{*Matcher::Make(MatchType::kEqual, "__name__", name)}});
    std::vector<Sample> found;
    for (std::size_t i = 0; i < selection->size(); ++i) {
      for (Millis t = -10; t <= 10; ++t) {
        if (const auto sample = selection->Newest(i, t - 1, t)) found.push_back(*sample);
      }
    }
    return found;
  }
};

BOOST_FIXTURE_TEST_SUITE(remote_write_test, Fixture)

BOOST_AUTO_TEST_CASE(KeepsEverySampleExactly) {
  const WriteOutcome outcome = Write(
      Series({{"__name__", "a"}, {"job", "x"}, {"z", ""}}, {{-5, 1.5}, {1, kStaleNan}, {2, 3}}) +
      Series({{"__name__", "b"}}, {{1, 0}}));
  BOOST_TEST(outcome.status == 204);
  BOOST_TEST(outcome.message == "");
  const std::vector<Sample> a = Of("a");
  BOOST_REQUIRE(a.size() == 3U);
  BOOST_TEST(a[0].v == 1.5);
  BOOST_TEST(IsStaleNan(a[1].v));
  BOOST_TEST(a[2].v == 3);
  BOOST_TEST(Of("b").size() == 1U);
}

BOOST_AUTO_TEST_CASE(WhatIsSentTwiceIsFine) {
  const std::string message = Series({{"__name__", "a"}}, {{1, 1}});
  BOOST_TEST(Write(message).status == 204);
  BOOST_TEST(Write(message).status == 204);
  BOOST_TEST(Of("a").size() == 1U);
}

BOOST_AUTO_TEST_CASE(OneBadSeriesDoesNotCostTheOthers) {
  const std::pair<std::string, std::string_view> cases[] = {
      {Series({{"job", "x"}}, {{2, 1}}), "a series has no metric name"},
      {Series({{"__name__", ""}, {"job", "x"}}, {{2, 1}}), "a series has no metric name"},
      {Series({{"job", "x"}, {"__name__", "a"}}, {{2, 1}}),
       "a series has labels that are not sorted"},
      {Series({{"__name__", "a"}, {"b", "1"}, {"b", "2"}}, {{2, 1}}),
       "a series has a label name that is there twice"},
      {Series({{"", "x"}, {"__name__", "a"}}, {{2, 1}}),
       "a series has a label name that is empty or not UTF-8"},
      {Series({{"__name__", "a"}, {"b", "\xff"}}, {{2, 1}}),
       "a series has a label value that is not UTF-8"},
      {Series({{"__name__", "old"}}, {{0, 1}}), "1 out of order samples"},
      {Series({{"__name__", "old"}}, {{1, 2}}),
       "1 duplicate samples for a timestamp with another value"},
      {Series({{"__name__", "old"}}, {{kNow.time_since_epoch().count() + 600'001, 2}}),
       "1 samples too far in the future"},
      {Series({{"__name__", "h"}}, {}, Field(4, "x")),
       "1 native histograms, which tocsin does not keep"},
  };
  for (const auto& [bad, problem] : cases) {
    BOOST_TEST_CONTEXT(problem) {
      SampleStore fresh{{.clock = &clock}};
      BOOST_TEST(ReceiveWrite(Compressed(Series({{"__name__", "old"}}, {{1, 1}})), fresh).status ==
                 204);
      const std::string good = Series({{"__name__", "good"}}, {{3, 1}});
      const WriteOutcome outcome = ReceiveWrite(Compressed(bad + good), fresh);
      BOOST_TEST(outcome.status == 400);
      BOOST_TEST(outcome.message == problem);
      BOOST_TEST(fresh.stats().series == 2U);
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsNoMessageIsRefused) {
  BOOST_TEST(ReceiveWrite("", store).status == 400);
  BOOST_TEST(ReceiveWrite("not snappy", store).status == 400);
  BOOST_TEST(ReceiveWrite(Compressed("\x0a\xff"), store).message ==
             "the body is not a remote-write 1.0 message");
  std::string bomb;
  AppendVarint(bomb, kLargestWrite + 1);
  BOOST_TEST(ReceiveWrite(bomb + "xxxx", store).status == 413);
  BOOST_TEST(store.stats().series == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::api
