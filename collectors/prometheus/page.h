// A page of metrics that another program serves, read with patience.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http_client.h"
#include "base/metric.h"
#include "base/result.h"
#include "collectors/collector.h"

namespace tocsin::collectors {

/// One sample line. Its texts are copies: they outlive the page's text.
struct PageSample {
  std::string name;  ///< As it stands on the line, with "_bucket" or "_total" if it has that.
  std::vector<std::pair<std::string, std::string>> labels =
      {};  ///< In the line's order, unescaped.
  double value = 0;
  std::optional<std::int64_t> timestamp_ms = std::nullopt;

  /// The value of a label, or "".
  std::string_view Label(std::string_view label) const;
};

/// A family, and all samples that belong to it: for a histogram those of its buckets, sum and
/// count.
struct PageFamily {
  std::string name;
  MetricType type = MetricType::kUnknown;
  std::string help = {};
  std::vector<PageSample> samples = {};
};

/// What was passed over, so that it can be counted and told.
struct PageFaults {
  std::size_t bad_lines = 0;      ///< Lines that are no sample.
  std::size_t unknown_types = 0;  ///< `# TYPE` with a word that is none.
  std::size_t duplicates = 0;     ///< Samples of a series that came before: the last one counts.
  std::size_t overflow = 0;       ///< Samples beyond PageLimits::series.
  std::string first = {};         ///< The first bad line or type: "line 12: ...".
};

struct Page {
  std::vector<PageFamily> families = {};  ///< In the order of the page.
  PageFaults faults = {};

  /// The family called `name`, or null.
  const PageFamily* Find(std::string_view name) const;
};

struct PageLimits {
  std::size_t series = 50'000;
  std::size_t line_bytes = std::size_t{64} << 10;
};

/// Reads the text format 0.0.4 and OpenMetrics 1.0 alike. A line that makes no sense costs itself
/// only: types that do not exist (`timer`), repeated `# TYPE` (the first counts, wherever it
/// stands), samples that come twice, unescaped quotes. `_created` series beside a counter,
/// histogram or summary are passed over, exemplars too. A last line without a line feed may be half
/// of one, and is bad. Fails with kCorrupt only if the first line that is not blank is neither a
/// comment nor a sample: then it is no page of metrics. An empty page has no families.
///
/// A family has the name that the text format gives it: OpenMetrics' counter `foo` with its sample
/// `foo_total` is `foo_total`. What is called like a histogram and is no part of one is a family of
/// its own of that name, of type kUnknown, after it.
/// Source: Prometheus' documentation, "Exposition formats"; OpenMetrics 1.0.
Result<Page> ParsePage(std::string_view text, const PageLimits& limits = {});

/// GETs `url` and checks that the answer is a page of metrics: status 200, `Content-Type`
/// text/plain or application/openmetrics-text, a body that is whole. Fails as HttpClient does;
/// kDenied for 401 and 403, kUnavailable for any other status, kCorrupt for what is no page.
Result<std::string> FetchPage(HttpClient& client, const std::string& url, const Attempt& attempt);

/// What FetchPage() is made of, for those who send several requests at once.
/// The text format is asked for: OpenMetrics would bring exemplars and other names.
inline constexpr std::string_view kPageAccept = "text/plain;version=0.0.4";
OutgoingRequest PageRequest(const std::string& url);
Status CheckPageAnswer(const HttpAnswer& answer);
/// The body. If HTTP says that it is whole, a missing line feed at its end is added: nothing was
/// cut off.
std::string TakePageText(HttpAnswer& answer);

}  // namespace tocsin::collectors
