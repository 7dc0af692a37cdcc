#include "rules/storage/history_frame.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

std::string FrameOf(std::string_view payload) {
  std::string frame(kFrameHeader, '\0');
  frame.append(payload);
  SealFrame(frame);
  return frame;
}

struct Found {
  std::vector<std::string> payloads;
  std::vector<bool> after_damage;
  std::size_t intact_end;
  std::size_t damages;
  std::size_t damaged_bytes;
};

Found Find(std::string_view bytes) {
  Found found{};
  FrameReader reader(bytes);
  while (const auto payload = reader.Next()) {
    found.payloads.emplace_back(*payload);
    found.after_damage.push_back(reader.after_damage());
  }
  found.intact_end = reader.intact_end();
  found.damages = reader.damages();
  found.damaged_bytes = reader.damaged_bytes();
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(history_frame_test)

BOOST_AUTO_TEST_CASE(FramesComeBackInOrder) {
  const std::string bytes = FrameOf("first") + FrameOf("") + FrameOf("third");
  const Found found = Find(bytes);
  BOOST_TEST(found.payloads == (std::vector<std::string>{"first", "", "third"}));
  BOOST_TEST(found.intact_end == bytes.size());
  BOOST_TEST(found.damages == 0U);
  BOOST_TEST(Find("").payloads.empty());
}

BOOST_AUTO_TEST_CASE(ATornTailIsNotRead) {
  const std::string first = FrameOf("first");
  const std::string both = first + FrameOf("second");
  for (std::size_t size = first.size(); size < both.size(); ++size) {
    BOOST_TEST_CONTEXT(size) {
      const Found found = Find(std::string_view(both).substr(0, size));
      BOOST_TEST(found.payloads == std::vector<std::string>{"first"});
      BOOST_TEST(found.intact_end == first.size());
      BOOST_TEST(found.damages == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(AFlippedBitCostsItsFrameOnly) {
  const std::string first = FrameOf("first");
  const std::string second = FrameOf("second, with TSH1 inside");
  const std::string third = FrameOf("third");
  const std::string intact = first + second + third;
  for (std::size_t bit = 8 * first.size(); bit < 8 * (first.size() + second.size()); ++bit) {
    BOOST_TEST_CONTEXT(bit) {
      std::string bytes = intact;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      const Found found = Find(bytes);
      BOOST_TEST(found.payloads == (std::vector<std::string>{"first", "third"}));
      BOOST_TEST(found.after_damage == (std::vector<bool>{false, true}));
      BOOST_TEST(found.damages == 1U);
      BOOST_TEST(found.damaged_bytes == second.size());
      BOOST_TEST(found.intact_end == bytes.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(MissingAndInsertedBytesAreSkipped) {
  const std::string first = FrameOf("first");
  const std::string second = FrameOf("second");
  const struct {
    std::string_view name;
    std::string bytes;
    std::vector<std::string> payloads;
    std::size_t damaged_bytes;
  } kCases[] = {
      {"rubbish before", "rubbish" + first + second, {"first", "second"}, 7},
      {"zeros between", first + std::string(100, '\0') + second, {"first", "second"}, 100},
      {"zeros behind", first + std::string(100, '\0'), {"first"}, 0},
      {"a magic alone", first + "TSH1TSH1" + second, {"first", "second"}, 8},
      {"bytes missing", first.substr(0, 20) + second, {"second"}, 20},
      {"another version", "TSH2" + first.substr(4) + second, {"second"}, first.size()},
  };
  for (const auto& test : kCases) {
    BOOST_TEST_CONTEXT(test.name) {
      const Found found = Find(test.bytes);
      BOOST_TEST(found.payloads == test.payloads);
      BOOST_TEST(found.damaged_bytes == test.damaged_bytes);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
