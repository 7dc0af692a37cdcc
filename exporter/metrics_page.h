// What GET /metrics answers.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/snapshot.h"
#include "collectors/instance.h"
#include "exporter/content_negotiation.h"
#include "exporter/http_message.h"

namespace tocsin {

/// Makes the page of /metrics from the last snapshots, and keeps what it made until they change.
///
/// The text of a family is made once per snapshot, the whole page once per generation, and each
/// compressed form of it once per generation at the first request for it. All scrapers share these
/// bytes, so the page grows neither with their number nor with how often they ask. For the same
/// reason tocsin's own metrics are as old as the generation, not as the scrape. Nothing here waits
/// for a source, so X-Prometheus-Scrape-Timeout-Seconds needs no heed.
///
/// Safe for concurrent use. While one scrape makes the page or compresses it, others that need the
/// same thing wait for it, and nobody else does.
class MetricsPage {
 public:
  using Views = std::vector<std::shared_ptr<const collectors::InstanceView>>;

  /// Where the page gets its content from. Each may be called from any thread.
  struct Source {
    /// Changes whenever views() would give something else.
    std::function<std::uint64_t()> generation;
    /// The instances, in the order in which they appear on the page.
    std::function<Views()> views;
    /// tocsin's own metrics as they are now. Called once per generation.
    std::function<std::shared_ptr<const Snapshot>()> own;
    /// Told how many points of an instance's last collection the page leaves out, because others
    /// have their families with another type. Once for each collection that a page was made of.
    std::function<void(const collectors::InstanceConfig&, std::uint64_t)> left_out = {};
  };

  /// The name under which collect[] and exclude[] know tocsin's own metrics.
  static constexpr std::string_view kOwn = "tocsin";

  explicit MetricsPage(Source source);
  ~MetricsPage();
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  /// Answers a GET. `collect[]` keeps, `exclude[]` leaves out the collectors of a type or an
  /// instance name; both together, or a name that does not exist, is answered 400.
  HttpResponse Answer(const HttpRequest& request);

 private:
  class Generation;

  std::shared_ptr<Generation> Current();

  const Source source_;
  Mutex mutex_;
  std::shared_ptr<Generation> current_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin
