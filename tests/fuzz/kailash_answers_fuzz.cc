// Whatever a Kailash server or database answers, what is made of it can be published: histograms
// fit their bounds, amounts are finite and not negative, moments come back from their texts.

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/kailash/health_answer.h"
#include "collectors/kailash/iso_time.h"
#include "collectors/kailash/page_facts.h"
#include "collectors/kailash/pool_reports.h"

namespace {

namespace kailash = tocsin::collectors::kailash;

void CheckAmount(std::optional<double> amount) {
  if (amount && !(std::isfinite(*amount) && *amount >= 0)) std::abort();
}

void CheckPools(const kailash::PoolReports& pools) {
  for (const auto& [label, pool] : pools) {
    if (label.find_first_of("- ") != std::string::npos) std::abort();
    CheckAmount(pool.active);
    CheckAmount(pool.idle);
    CheckAmount(pool.exhaustions);
  }
}

void CheckHistogram(const kailash::PageHistogram& histogram) {
  for (std::size_t i = 1; i < histogram.bounds.size(); ++i) {
    if (!(histogram.bounds[i - 1] < histogram.bounds[i])) std::abort();
  }
  for (const auto& [label, series] : histogram.series) {
    if (series.counts.size() != histogram.bounds.size() + 1) std::abort();
    if (!std::isfinite(series.sum)) std::abort();
  }
}

void CheckPage(std::string_view text) {
  const tocsin::Result<tocsin::collectors::Page> page = tocsin::collectors::ParsePage(text);
  if (!page) return;
  const kailash::PageFacts facts = kailash::FactsOf(*page);
  for (const auto& [workflow, counts] : facts.workflows) {
    if (!(counts.succeeded >= 0) || !(counts.failed >= 0)) std::abort();
  }
  CheckPools(facts.pools);
  CheckHistogram(facts.durations);
  CheckHistogram(facts.pool_waits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckPage(text);
  static_cast<void>(kailash::ParseHealthAnswer(text));
  if (const auto pools = kailash::ParsePoolAnswer(text)) CheckPools(pools->pools);
  if (const std::optional<kailash::Moment> moment = kailash::ParseIso(text)) {
    const std::optional<kailash::Moment> second =
        kailash::ParseIso(kailash::FormatIsoSecond(*moment));
    const bool is_year_one_to_9999 = second.has_value();
    if (is_year_one_to_9999 &&
        (*second > *moment || *moment - *second >= std::chrono::seconds(1))) {
      std::abort();
    }
  }
  return 0;
}
