#include "rules/storage/series_memory.h"

#include <cstdint>
#include <set>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/sanitized.h"

namespace tocsin {
namespace {

constexpr std::size_t kSize = 2 * kCacheLine;

std::set<void*> Allocate(std::size_t count) {
  std::set<void*> blocks;
  while (blocks.size() < count) blocks.insert(SeriesMemory().allocate(kSize, kCacheLine));
  return blocks;
}

void Free(const std::set<void*>& blocks) {
  for (void* const block : blocks) SeriesMemory().deallocate(block, kSize, kCacheLine);
}

BOOST_AUTO_TEST_SUITE(series_memory_test)

BOOST_AUTO_TEST_CASE(BlocksBeginWithACacheLine) {
  const std::set<void*> blocks = Allocate(1000);
  for (void* const block : blocks) {
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(block) % kCacheLine == 0U);
  }
  Free(blocks);
}

#ifndef TOCSIN_SANITIZED
BOOST_AUTO_TEST_CASE(LieSideBySide) {
  constexpr std::size_t kPage = 4096;
  constexpr std::size_t kCount = 100'000;
  const std::set<void*> blocks = Allocate(kCount);
  std::set<std::uintptr_t> pages;
  for (void* const block : blocks) pages.insert(reinterpret_cast<std::uintptr_t>(block) / kPage);
  BOOST_TEST(pages.size() < kCount * kSize / kPage + 100);
  Free(blocks);
}

BOOST_AUTO_TEST_CASE(WhatIsFreedIsUsedAgain) {
  const std::set<void*> before = Allocate(100'000);
  Free(before);
  const std::set<void*> after = Allocate(100'000);
  BOOST_TEST((before == after));
  Free(after);
}
#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
