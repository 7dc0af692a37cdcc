#include <array>
#include <memory>

#include "collectors/kailash/metrics.h"
#include "collectors/kailash/part.h"

namespace tocsin::collectors::kailash {
namespace {

// Served by idx_executions_status: costs what is pending, whatever the history.
constexpr Statement kPending = {
    "SELECT count(*), min(started_at), {now} FROM kailash_executions WHERE status = 'pending'"};

class Pending final : public Part {
 public:
  Status Read(Session& session) override {
    const Result<SqlRows> rows = session.Query(kPending);
    if (!rows) return rows.error();
    count_ = rows->Number(0, 0).value_or(0);
    oldest_age_ = AgeAt(*rows, 0, 2, ParseIso(rows->Text(0, 1)));
    return {};
  }

  void Publish(MetricSink& points) const override {
    points.Add(kExecutionsPending, {}, count_);
    points.Add(kExecutionsOldest, {}, oldest_age_);
  }

 private:
  double count_ = 0;
  double oldest_age_ = 0;
};

std::unique_ptr<Part> Make(const Settings& /*settings*/) {
  return std::make_unique<Pending>();
}

}  // namespace

PartKind PendingPart() {
  return {"pending", Make};
}

}  // namespace tocsin::collectors::kailash
