// A rule that raises an alert for every series of a result.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/alert.h"
#include "base/labels.h"
#include "base/mutex.h"
#include "base/result.h"
#include "rules/absence.h"
#include "rules/active_alert.h"
#include "rules/alert_life.h"
#include "rules/alert_templates.h"
#include "rules/evaluated_rule.h"
#include "rules/rule_policy.h"
#include "rules/rule_query.h"

namespace tocsin {

/// An evaluation first finds out everything that takes a query or may fail, without changing any
/// alert, and then changes them all at once: an evaluation that fails leaves its alerts as they
/// were. Only that second part keeps readers waiting.
///
/// Rows of a result that were seen before, under the same shape, are known to be the same alert:
/// their labels are not looked at again.
///
/// Source: Prometheus' documentation, "Alerting rules".
class AlertingRule final : public EvaluatedRule {
 public:
  /// While not `is_restored`, ALERTS is not written.
  AlertingRule(std::shared_ptr<const Rule> rule, const RulePolicy& policy,
               const RuleSettings& settings, std::shared_ptr<const RuleEnvironment> environment,
               bool is_restored);

  void Adopt(std::vector<ActiveAlert> alerts, Duration downtime) override;
  std::vector<ActiveAlert> Alerts() const override;
  std::optional<AlertState> HighestState() const override;
  void ShiftTimers(Duration by) override;

  /// Whether Adopt() has been called.
  bool has_adopted() const { return has_adopted_; }
  /// From now on ALERTS is written.
  void SetRestored() { is_restored_ = true; }
  /// Moves the beginning of a pending or firing alert.
  void SetActiveAt(const Labels& labels, Millis active_at);

 private:
  using Slot = std::uint32_t;
  static constexpr Slot kNoSlot = std::numeric_limits<Slot>::max();
  static constexpr std::uint32_t kNoRow = ResultLookup::kNoRow;

  /// An alert outside of the lock.
  struct Copy {
    Slot slot;  ///< Where it was copied.
    ActiveAlert alert;
    bool has_annotations;  ///< See Entry.
  };
  /// An alert and what belongs to it. Slots are used again; a free one has no alert.
  struct Entry {
    std::optional<ActiveAlert> alert;
    /// The annotations of `alert` are as they shall be told. Else it has none yet: they follow from
    /// its labels and value, and are expanded when somebody asks for them.
    bool has_annotations = false;
    bool is_new = false;  ///< Not advanced yet.
    /// Of ALERTS and ALERTS_FOR_STATE, and which state the first one says.
    AlertState written_state = AlertState::kInactive;
    SeriesWriter::Handle state_series = SeriesWriter::kNone;
    SeriesWriter::Handle since_series = SeriesWriter::kNone;

    void SetAnnotations(SharedAnnotations annotations);
    void ForgetAnnotations();
  };
  /// A row of a result that is no alert yet.
  struct Candidate {
    std::uint32_t row;
    Labels labels;
  };

  RuleOutcome EvaluateAt(Millis at) override;
  RuleOutcome EndAt(Millis at) override;
  void TakeOverFrom(EvaluatedRule& old) override;

  // The first part of an evaluation: nothing is changed but what is known of rows.

  Status Match(const promql::Block& block, Millis at);
  bool MatchRow(const promql::Block& block, std::uint32_t row, Millis at);
  void MeetShape(const promql::ShapePtr& shape);
  bool IsKnown(std::uint32_t row, double value) const;
  Status JudgeAbsent(Millis at);
  Status CheckLimit() const;
  void ExpandTimed(const promql::Block& block, Millis at);

  // The second part.

  void Merge(const promql::Block& block, Millis at) TOCSIN_REQUIRES(mutex_);
  void Renew(Entry& entry, const Labels& sample, double value, Millis at) TOCSIN_REQUIRES(mutex_);
  Slot Insert(ActiveAlert alert) TOCSIN_REQUIRES(mutex_);
  void Erase(Slot slot) TOCSIN_REQUIRES(mutex_);
  void AdvanceAll(Millis at, RuleOutcome& outcome) TOCSIN_REQUIRES(mutex_);
  void AdvanceOne(Slot slot, const AbsentAlert* absent, Millis at, RuleOutcome& outcome)
      TOCSIN_REQUIRES(mutex_);
  void Complete(Entry& entry) const TOCSIN_REQUIRES(mutex_);
  void UpdateSeries(Entry& entry) TOCSIN_REQUIRES(mutex_);
  void ReleaseSeries(Entry& entry) TOCSIN_REQUIRES(mutex_);
  std::vector<Copy> TakeDue(Millis at) TOCSIN_REQUIRES(mutex_);
  std::vector<Copy> InsertAdopted(std::vector<ActiveAlert> alerts, Duration downtime)
      TOCSIN_REQUIRES(mutex_);
  Duration ResendPeriod() const;
  void Clear() TOCSIN_REQUIRES(mutex_);

  // Of both, and of readers.

  Copy CopyOf(Slot slot) const TOCSIN_REQUIRES(mutex_);
  std::vector<ActiveAlert> Completed(std::vector<Copy> copies) const;
  void Remember(const std::vector<Copy>& copies) const;
  SharedAnnotations AnnotationsOf(const ActiveAlert& alert) const;
  std::vector<Alert> ToMessages(const std::vector<ActiveAlert>& alerts) const;
  void Send(const std::vector<ActiveAlert>& due) const;
  AlertTiming Timing() const;

  const RulePolicy policy_;
  RuleQuery query_;
  AlertTemplates templates_;
  Absence absence_;
  std::string generator_url_;
  std::shared_ptr<const AlertRule> described_;  ///< For all messages.
  bool is_restored_;
  bool has_adopted_ = false;

  // Of the evaluating thread alone.

  promql::ShapePtr shape_;
  std::vector<Slot> row_slots_;     ///< Which alert each row of `shape_` was last.
  std::vector<double> row_values_;  ///< What its labels were made of, if values count for them.
  std::vector<std::uint32_t> slot_rows_;
  std::unordered_map<Labels, Slot> slots_;  ///< All alerts.

  // Of one evaluation; members for their room.

  std::uint64_t evaluation_ = 0;
  std::vector<std::uint64_t> seen_;          ///< By slot: in which evaluation last.
  std::vector<std::uint32_t> present_rows_;  ///< Of alerts that are in `slots_`.
  std::vector<Candidate> candidates_;
  std::unordered_set<Labels> proposed_;  ///< Labels of candidates_.
  std::vector<AbsentAlert> absent_;
  /// Of present_rows_ and candidates_, if time counts for them.
  std::vector<SharedAnnotations> timed_;

  mutable Mutex mutex_;
  /// Mutable, because annotations that a reader has had expanded are kept.
  mutable std::vector<Entry> entries_ TOCSIN_GUARDED_BY(mutex_);
  std::vector<Slot> free_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin
