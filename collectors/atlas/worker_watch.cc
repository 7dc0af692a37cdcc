#include "collectors/atlas/worker_watch.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tocsin::collectors::atlas {
namespace {

/// A page has one such series per method and status at most.
constexpr std::size_t kMostSeries = 1000;

/// Series whose value is when something came to be. ParsePage() passes the second by.
constexpr std::array<std::string_view, 2> kBirths = {"process_start_time_seconds",
                                                     "optimization_requests_created"};

bool IsBirth(std::string_view line) {
  return std::any_of(kBirths.begin(), kBirths.end(), [&](std::string_view name) {
    return line.starts_with(name) && line.size() > name.size() &&
           (line[name.size()] == '{' || line[name.size()] == ' ');
  });
}

}  // namespace

bool WorkerWatch::IsAnother(std::string_view page) {
  std::map<std::string, std::string, std::less<>> born;
  bool is_another = false;
  while (!page.empty()) {
    const std::string_view line = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(line.size() + 1, page.size()));
    const std::size_t blank = line.rfind(' ');
    if (!IsBirth(line) || blank == std::string_view::npos || born.size() == kMostSeries) continue;
    const std::string_view value = line.substr(blank + 1);
    const auto before = born_.find(line.substr(0, blank));
    is_another = is_another || (before != born_.end() && before->second != value);
    born.emplace(line.substr(0, blank), value);
  }
  // A worker that has served no request yet has no series: what the others said still stands.
  for (auto& [series, value] : born) born_.insert_or_assign(series, std::move(value));
  if (born_.size() > kMostSeries) born_.clear();
  return is_another;
}

}  // namespace tocsin::collectors::atlas
