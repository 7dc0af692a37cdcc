#include "rules/unit_test/line_diff.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tocsin::unit_test {
namespace {

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  for (;;) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string DiffOfLines(std::string_view a, std::string_view b) {
  const std::vector<std::string_view> left = LinesOf(a);
  const std::vector<std::string_view> right = LinesOf(b);
  // common[i][j]: how many lines left[i...] and right[j...] have in common, in order.
  std::vector common(left.size() + 1, std::vector<std::size_t>(right.size() + 1, 0));
  for (std::size_t i = left.size(); i-- > 0;) {
    for (std::size_t j = right.size(); j-- > 0;) {
      common[i][j] = left[i] == right[j] ? common[i + 1][j + 1] + 1
                                         : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::string diff;
  const auto add = [&diff](std::string_view mark, std::string_view line) {
    diff.append(diff.empty() ? "" : "\n").append(mark).append(line);
  };
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < left.size() || j < right.size()) {
    if (i < left.size() && j < right.size() && left[i] == right[j]) {
      add("  ", left[i]);
      ++i;
      ++j;
    } else if (j == right.size() || (i < left.size() && common[i + 1][j] >= common[i][j + 1])) {
      add("- ", left[i++]);
    } else {
      add("+ ", right[j++]);
    }
  }
  return diff;
}

}  // namespace tocsin::unit_test
