#include "rules/storage/huge_pages.h"

#include <sys/mman.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <stop_token>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

struct Piece {
  std::byte* begin;
  std::size_t size;
};

std::uintptr_t Address(const Piece& piece) {
  return reinterpret_cast<std::uintptr_t>(piece.begin);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(huge_pages_test)

BOOST_AUTO_TEST_CASE(PiecesAreAlignedAndApart) {
  // Of what is never given back; more than a region, and one that is larger than a region.
  HugePages pages;
  std::vector<Piece> pieces;
  for (const std::size_t size : {HugePages::kLarge, HugePages::kLarge + 1, 9 * HugePages::kPage,
                                 20 * HugePages::kPage, HugePages::kLarge + 63}) {
    for (const std::size_t alignment : {std::size_t{8}, std::size_t{64}, std::size_t{4096}}) {
      pieces.push_back({static_cast<std::byte*>(pages.allocate(size, alignment)), size});
      BOOST_TEST(Address(pieces.back()) % alignment == 0U);
      std::memset(pieces.back().begin, static_cast<int>(pieces.size()), size);
    }
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto mark = static_cast<std::byte>(i + 1);
    BOOST_TEST((pieces[i].begin[0] == mark && pieces[i].begin[pieces[i].size - 1] == mark));
  }
}

BOOST_AUTO_TEST_CASE(LargePiecesShareAPage) {
  HugePages pages;
  const Piece first{static_cast<std::byte*>(pages.allocate(HugePages::kLarge)), 0};
  const Piece second{static_cast<std::byte*>(pages.allocate(HugePages::kLarge)), 0};
  BOOST_TEST(Address(first) % HugePages::kPage == 0U);
  BOOST_TEST(Address(second) == Address(first) + HugePages::kLarge);
}

BOOST_AUTO_TEST_CASE(PagesAreClearedAheadOfWhatIsTaken) {
  constexpr std::size_t kSmallPage = 4096;
  const auto is_there = [](const std::byte* address) {
    unsigned char resident = 0;
    BOOST_REQUIRE(mincore(const_cast<std::byte*>(address), 1, &resident) == 0);
    return (resident & 1U) != 0;
  };
  HugePages pages;
  const std::jthread clearing([&](const std::stop_token& stop) { pages.ClearAhead(stop); });
  for (int i = 0; i < 3; ++i) {
    const auto* const begin = static_cast<std::byte*>(pages.allocate(HugePages::kPage));
    const std::byte* const last = begin + HugePages::kPage + HugePages::kAhead - kSmallPage;
    if (madvise(const_cast<std::byte*>(begin), 1, MADV_POPULATE_WRITE) != 0) return;  // No kernel.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!is_there(last) && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    BOOST_TEST(is_there(last));
    BOOST_TEST(is_there(begin));
    BOOST_TEST(!is_there(last + kSmallPage));
  }
}

BOOST_AUTO_TEST_CASE(SmallPiecesAreGivenBack) {
  HugePages pages;
  for (int i = 0; i < 100; ++i) {  // LeakSanitizer would tell.
    void* const piece = pages.allocate(HugePages::kLarge - 1);
    pages.deallocate(piece, HugePages::kLarge - 1);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
