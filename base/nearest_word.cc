#include "base/nearest_word.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include <fmt/format.h>

namespace tocsin {
namespace {

constexpr std::size_t kLongestWord = 64;

/// How many letters must be put in, left out, replaced, or swapped with their neighbour.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({last[j] + (a[i] == b[j] ? 0U : 1U), last[j + 1] + 1, row[j] + 1});
      const bool swapped = i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j];
      if (swapped) row[j + 1] = std::min(row[j + 1], before_last[j - 1] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string_view> NearestWord(std::string_view word,
                                            const std::vector<std::string_view>& candidates) {
  std::optional<std::string_view> nearest;
  if (word.size() > kLongestWord) return nearest;  // Nobody mistyped that, and it would take long.
  std::size_t best = std::max<std::size_t>(word.size() / 3, 1) + 1;  // A third may differ.
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = EditDistance(word, candidate);
    // Words that have no letter in common are not alike.
    if (distance < std::min(best, word.size())) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const auto nearest = NearestWord(word, candidates);
  return nearest ? fmt::format(" (did you mean \"{}\"?)", *nearest) : std::string();
}

}  // namespace tocsin
