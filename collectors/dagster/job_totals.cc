#include "collectors/dagster/job_totals.h"

#include <algorithm>

#include <boost/json/object.hpp>

#include "collectors/dagster/part.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::dagster {
namespace {

boost::json::object SaveJob(const Job& job, const JobTotals& totals) {
  boost::json::object saved = {{"job", job.first},
                               {"location", job.second},
                               {"retried", totals.retried},
                               {"will_retry", totals.will_retry}};
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
    saved[kFinishedStatuses[outcome]] = totals.completed[outcome];
  }
  if (totals.last) {
    boost::json::object last = {{"ended", totals.last->ended.time_since_epoch().count()},
                                {"status", kFinishedStatuses[totals.last->outcome]}};
    if (totals.last->duration) last["duration"] = *totals.last->duration;
    saved["last"] = std::move(last);
  }
  return saved;
}

std::optional<LastRun> RestoreLast(const boost::json::value& saved) {
  const std::optional<std::int64_t> ended = IntegerIn(saved, "ended");
  const auto status = std::find(kFinishedStatuses.begin(), kFinishedStatuses.end(),
                                std::string_view(TextIn(saved, "status")));
  if (!ended || status == kFinishedStatuses.end()) return std::nullopt;
  return LastRun{Moment(Microseconds(*ended)),
                 static_cast<std::size_t>(status - kFinishedStatuses.begin()),
                 NumberIn(saved, "duration")};
}

JobTotals RestoreJob(const boost::json::value& saved) {
  JobTotals totals;
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
    totals.completed[outcome] = CountIn(saved, kFinishedStatuses[outcome]);
  }
  totals.retried = CountIn(saved, "retried");
  totals.will_retry = CountIn(saved, "will_retry");
  totals.last = RestoreLast(MemberIn(saved, "last"));
  return totals;
}

}  // namespace

void JobTotals::NoteLast(const LastRun& run) {
  if (!last || run.ended >= last->ended) last = run;
}

void JobTotals::Add(const JobTotals& other) {
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
    completed[outcome] += other.completed[outcome];
  }
  retried += other.retried;
  will_retry += other.will_retry;
  if (other.last) NoteLast(*other.last);
}

JobTotals& JobTable::Of(const Job& job) {
  const Job others(kOtherJobs, kOtherJobs);
  const std::size_t own = totals_.size() - totals_.count(others);
  const bool fits = totals_.contains(job) || own < most_;
  return totals_[fits ? job : others];
}

boost::json::array JobTable::Save() const {
  boost::json::array saved;
  for (const auto& [job, totals] : totals_) saved.push_back(SaveJob(job, totals));
  return saved;
}

void JobTable::Restore(const boost::json::array& saved) {
  for (const boost::json::value& job : saved) {
    if (!job.is_object()) continue;
    Of({TextIn(job, "job"), TextIn(job, "location")}).Add(RestoreJob(job));
  }
}

}  // namespace tocsin::collectors::dagster
