// Whatever page a target serves, it is read or refused; and neither what was read before nor the
// pieces that it comes in show.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/metric_sink.h"
#include "collectors/prometheus/page.h"
#include "collectors/prometheus/target_pages.h"

namespace {

using tocsin::collectors::TargetPages;

bool SameFamilies(const TargetPages& a, const TargetPages& b) {
  const auto families = [](const TargetPages& pages) {
    tocsin::MetricSink sink({}, nullptr);
    pages.Pass(sink);
    return sink.Finish({});
  };
  const auto left = families(a);
  const auto right = families(b);
  if (left->families.size() != right->families.size()) return false;
  for (std::size_t i = 0; i < left->families.size(); ++i) {
    const tocsin::FamilyPoints& x = left->families[i];
    const tocsin::FamilyPoints& y = right->families[i];
    if (*x.shape != *y.shape || x.times != y.times) return false;
    for (std::size_t value = 0; value < x.values.size(); ++value) {
      const bool both_nan =
          x.values[value] != x.values[value] && y.values[value] != y.values[value];
      if (x.values[value] != y.values[value] && !both_nan) return false;
    }
  }
  return true;
}

/// Takes the page in pieces of sizes that its own bytes say, and small ones at that.
auto ReadInPieces(TargetPages& pages, std::string_view page) {
  pages.Begin();
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t size = static_cast<unsigned char>(page[at]) % 16;
    const std::string piece(page.substr(at, size + 1));  // Gone once it is taken.
    pages.Take(piece);
    at += piece.size();
  }
  return pages.End();
}

}  // namespace

/// The input is two pages, one after the other, with a zero byte between them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t middle = text.find('\0');
  const std::string_view first = text.substr(0, middle);
  const std::string_view second =
      middle == std::string_view::npos ? first : text.substr(middle + 1);
  static_cast<void>(tocsin::collectors::ParsePage(text));

  const tocsin::collectors::ScrapeRules rules;
  tocsin::collectors::SeriesClaims claims;
  tocsin::collectors::SeriesClaims other_claims;
  TargetPages remembers({{"job", "j"}}, rules, claims);
  tocsin::collectors::SeriesClaims more_claims;
  TargetPages fresh({{"job", "j"}}, rules, other_claims);
  TargetPages in_pieces({{"job", "j"}}, rules, more_claims);
  static_cast<void>(remembers.Read(first));
  const bool read = bool{remembers.Read(second)};
  if (read != bool{fresh.Read(second)}) std::abort();
  if (read && !SameFamilies(remembers, fresh)) std::abort();
  static_cast<void>(ReadInPieces(in_pieces, first));
  if (read != bool{ReadInPieces(in_pieces, second)}) std::abort();
  if (read && !SameFamilies(remembers, in_pieces)) std::abort();
  return 0;
}
