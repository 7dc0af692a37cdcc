// Runs that finished, as they are read page by page.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "collectors/dagster/naive_time.h"
#include "collectors/dagster/outcome.h"
#include "collectors/dagster/session.h"
#include "collectors/dagster/watermark.h"

namespace tocsin::collectors::dagster {

/// A row of the table `runs`. Moments are true ones.
struct FinishedRun {
  std::int64_t id = 0;
  std::string run_id;
  std::string job;
  Moment updated{};
  std::optional<Moment> created;
  std::optional<Moment> started;
  std::optional<Moment> ended;
};

struct FinishedPage {
  std::vector<FinishedRun> runs;  ///< Without the rows whose update is not a moment.
  bool is_full = false;           ///< More may follow.
};

/// What a run's tags say about it.
struct RunTags {
  std::string repository;
  bool is_retry = false;
  bool will_retry = false;
};

/// The runs with one outcome after `from`, in the order of (update, id). Costs one page, at most.
/// Fails as Session::Query() does; so do the others.
Result<FinishedPage> ReadFinishedPage(Session& session, std::size_t outcome,
                                      const RunWatermark::Position& from);

/// The last update of a run with this outcome, if there is any.
Result<std::optional<Moment>> ReadNewestUpdate(Session& session, std::size_t outcome);

/// The tags of these runs by FinishedRun::run_id; runs without any are left out.
Result<std::map<std::string, RunTags>> ReadTags(Session& session,
                                                const std::vector<FinishedRun>& runs);

}  // namespace tocsin::collectors::dagster
