#include "base/allocator.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/sanitized.h"

#ifndef TOCSIN_SANITIZED  // Where a sanitizer has its own heap.

namespace tocsin {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

/// Whether the kernel may put `address` into a huge page. Source: proc_pid_smaps(5), VmFlags.
bool MayBeHuge(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream file("/proc/self/smaps");
  bool is_in = false;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    if (words >> std::hex >> begin >> dash >> end && dash == '-') {
      is_in = begin <= wanted && wanted < end;
    } else if (is_in && line.starts_with("VmFlags:")) {
      return line.find(" hg") != std::string::npos;
    }
  }
  return false;
}

boost::test_tools::assertion_result KernelHasHugePages(boost::unit_test::test_unit_id /*test*/) {
  boost::test_tools::assertion_result has(access("/sys/kernel/mm/transparent_hugepage", F_OK) == 0);
  has.message() << "this kernel has no transparent huge pages";
  return has;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(allocator_test)

BOOST_AUTO_TEST_CASE(SmallPiecesComeFromTheHugeHeap,
                     *boost::unit_test::precondition(KernelHasHugePages)) {
  constexpr std::size_t kPiece = 1000;
  std::vector<std::unique_ptr<char[]>> pieces;
  const HugeHeap heap(64 * kMiB);
  std::size_t huge = 0;
  for (std::size_t taken = 0; taken < 32 * kMiB; taken += kPiece) {
    pieces.push_back(std::make_unique<char[]>(kPiece));
    if (pieces.size() % 1000 == 0 && MayBeHuge(pieces.back().get())) ++huge;
  }
  // Some fill gaps of what was there before.
  BOOST_TEST(huge >= pieces.size() / 1000 - 2);
}

BOOST_AUTO_TEST_CASE(WhatIsLeftOfTheHugeHeapGoesBack) {
  const auto end_of_heap = [] { return reinterpret_cast<std::uintptr_t>(sbrk(0)); };
  const auto free_something_large = [] {
    void* volatile piece = std::malloc(100'000);  // Volatile, or both calls are left out.
    std::free(piece);
  };
  free_something_large();
  const std::uintptr_t before = end_of_heap();
  {
    const HugeHeap heap(64 * kMiB);
    free_something_large();
    BOOST_TEST(end_of_heap() >= before + 32 * kMiB);
  }
  free_something_large();
  BOOST_TEST(end_of_heap() <= before + 17 * kMiB);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

#endif
