// Whether the scans for finished runs miss any.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/clock.h"
#include "base/metric.h"
#include "base/result.h"
#include "collectors/dagster/naive_time.h"
#include "collectors/dagster/outcome.h"
#include "collectors/dagster/part.h"
#include "collectors/dagster/session.h"

namespace tocsin::collectors::dagster {

inline constexpr MetricDesc kCompletionDrift = {
    "dagster_completion_count_drift",
    MetricType::kGauge,
    "Runs that finished in 6 hours and are in the database, minus those of them that tocsin has "
    "seen. Above 0: it missed some; below 0: some were deleted. Looked up every hour.",
    {"status"}};

/// Remembers which rows the scans came upon, counted or not, and once an hour compares how many of
/// them were updated in a window of six hours with how many the database has there. The window ends
/// `overlap` ago: a commit may come that late without being missed.
///
/// Kept in memory only: after a start it says nothing until it has watched a whole window. It holds
/// some fifty bytes for each row that finished within the last seven hours. One thread at a time.
class CompletionDrift {
 public:
  explicit CompletionDrift(Duration overlap) : overlap_(overlap) {}

  /// Rows with this outcome are scanned from here on; only the first call for each counts.
  void Begin(std::size_t outcome, Moment from);
  /// A scan came upon a run with this outcome, at the source's `now`. Replaces what was noted about
  /// the same id before: a run is updated again when it is tagged.
  void Note(std::int64_t id, std::size_t outcome, Moment updated, Moment now);

  /// Compares if that is due. Only while the scans have caught up.
  Status Read(Session& session);
  void Publish(Points& points) const;

 private:
  struct Row {
    std::size_t outcome = 0;
    Moment updated{};
  };
  using Counts = std::array<std::int64_t, kOutcomes>;

  bool HasWatchedSince(Moment from) const;
  Counts SeenWithin(Moment from, Moment to) const;

  Duration overlap_;
  std::array<std::optional<Moment>, kOutcomes> watched_from_;
  std::optional<Moment> read_at_;
  std::unordered_map<std::int64_t, Row> seen_;  // By runs.id.
  std::optional<Counts> drift_;
};

}  // namespace tocsin::collectors::dagster
