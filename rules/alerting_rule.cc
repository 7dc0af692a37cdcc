#include "rules/alerting_rule.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include "rules/alert_message.h"

namespace tocsin {
namespace {

/// Whole seconds, as ALERTS_FOR_STATE has them.
double WholeSeconds(Millis t) {
  constexpr Millis kSecond = 1000;
  const Millis seconds = t / kSecond - (t % kSecond < 0 ? 1 : 0);
  return static_cast<double>(seconds);
}

/// What the series of all alerts have in common, looked up once.
struct SeriesSymbols {
  Symbol name{kMetricNameLabel};
  Symbol alerts{"ALERTS"};
  Symbol since{"ALERTS_FOR_STATE"};
  Symbol state{"alertstate"};
  Symbol pending{Name(AlertState::kPending)};
  Symbol firing{Name(AlertState::kFiring)};
};

const SeriesSymbols& Symbols() {
  static const SeriesSymbols kSymbols;
  return kSymbols;
}

/// Of a pending or firing alert.
Labels StateSeries(const ActiveAlert& alert) {
  const SeriesSymbols& symbols = Symbols();
  const bool is_firing = alert.state == AlertState::kFiring;
  return LabelsBuilder(alert.labels)
      .Set(symbols.name, symbols.alerts)
      .Set(symbols.state, is_firing ? symbols.firing : symbols.pending)
      .Build();
}

Labels SinceSeries(const ActiveAlert& alert) {
  return LabelsBuilder(alert.labels).Set(Symbols().name, Symbols().since).Build();
}

ActiveAlert NewAlert(Labels labels, Labels sample, double value, Millis at) {
  ActiveAlert alert;
  alert.labels = std::move(labels);
  alert.sample_labels = std::move(sample);
  alert.value = value;
  alert.active_at = at;
  return alert;
}

bool IsSameValue(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

Error Duplicate() {
  return {ErrorCode::kInvalidInput,
          "vector contains metrics with the same labelset after applying alert labels"};
}

}  // namespace

AlertingRule::AlertingRule(std::shared_ptr<const Rule> rule, const RulePolicy& policy,
                           const RuleSettings& settings,
                           std::shared_ptr<const RuleEnvironment> environment, bool is_restored)
    : EvaluatedRule(std::move(rule), settings, std::move(environment)),
      policy_(policy),
      query_(EvaluatedRule::environment(), EvaluatedRule::rule().expr,
             EvaluatedRule::environment().shared_results),
      templates_(EvaluatedRule::rule(), EvaluatedRule::environment()),
      absence_(policy_, query_, EvaluatedRule::environment()),
      generator_url_(GeneratorUrl(EvaluatedRule::environment().external_url, query_.text())),
      described_(std::make_shared<const AlertRule>(
          DescribeRule(settings.group, query_.text(), query_.parsed()))),
      is_restored_(is_restored) {}

void AlertingRule::Entry::SetAnnotations(SharedAnnotations annotations) {
  alert->annotations = std::move(annotations);
  has_annotations = true;
}

void AlertingRule::Entry::ForgetAnnotations() {
  alert->annotations = {};
  has_annotations = false;
}

AlertTiming AlertingRule::Timing() const {
  return {.hold = rule().hold,
          .keep_firing_for = rule().keep_firing_for,
          .resolved_retention = environment().resolved_retention};
}

RuleOutcome AlertingRule::EvaluateAt(Millis at) {
  const Result<promql::Block> block = query_.Run(Shifted(at));
  Status found = block ? Match(*block, at) : Status(block.error());
  if (found) found = JudgeAbsent(at);
  if (found) found = CheckLimit();
  RuleOutcome outcome;
  if (block) outcome.result_series = CountPresent(*block);
  if (!block) outcome.error_position = query_.failed_at();
  if (!found) {
    outcome.error = found.error().message;
    writer().Skip();
    return outcome;
  }
  if (templates_.annotations_use_time()) ExpandTimed(*block, at);
  std::vector<Copy> due;
  {
    const MutexLock lock(mutex_);
    Merge(*block, at);
    AdvanceAll(at, outcome);
    due = TakeDue(at);
  }
  outcome.changed |= !due.empty();
  if (environment().sink != nullptr) Send(Completed(std::move(due)));
  Write(at, outcome);
  return outcome;
}

Status AlertingRule::Match(const promql::Block& block, Millis at) {
  ++evaluation_;
  present_rows_.clear();
  candidates_.clear();
  proposed_.clear();
  MeetShape(block.shape);
  const auto size = static_cast<std::uint32_t>(block.values.size());
  for (std::uint32_t row = 0; row < size; ++row) {
    const double value = block.values[row];
    if (!promql::IsPresent(value)) continue;
    if (!IsKnown(row, value) && !MatchRow(block, row, at)) return Duplicate();
    const Slot slot = row_slots_[row];
    if (slot == kNoSlot) continue;
    if (seen_[slot] == evaluation_) return Duplicate();
    seen_[slot] = evaluation_;
    present_rows_.push_back(row);
  }
  return {};
}

void AlertingRule::MeetShape(const promql::ShapePtr& shape) {
  if (shape == shape_) return;
  shape_ = shape;
  row_slots_.assign(shape->size(), kNoSlot);
  if (templates_.labels_use_value()) row_values_.assign(shape->size(), promql::kAbsent);
  std::ranges::fill(slot_rows_, kNoRow);
}

bool AlertingRule::IsKnown(std::uint32_t row, double value) const {
  if (row_slots_[row] == kNoSlot || templates_.labels_use_time()) return false;
  if (!templates_.labels_use_value()) return true;
  return IsSameValue(row_values_[row], value);
}

/// False if another row, that is no alert yet either, has the same labels.
bool AlertingRule::MatchRow(const promql::Block& block, std::uint32_t row, Millis at) {
  const double value = block.values[row];
  if (templates_.labels_use_value()) row_values_[row] = value;
  Labels labels = templates_.AlertLabels({block.shape->labels[row], value, at});
  const auto found = slots_.find(labels);
  if (found == slots_.end()) {
    row_slots_[row] = kNoSlot;
    candidates_.push_back({row, labels});
    return proposed_.insert(std::move(labels)).second;
  }
  const Slot slot = found->second;
  const std::uint32_t last_row = std::exchange(slot_rows_[slot], row);
  if (last_row != kNoRow && row_slots_[last_row] == slot) row_slots_[last_row] = kNoSlot;
  row_slots_[row] = slot;
  return true;
}

Status AlertingRule::JudgeAbsent(Millis at) {
  const AlertTiming timing = Timing();
  absent_.clear();
  {
    const MutexLock lock(mutex_);
    for (Slot slot = 0; slot < entries_.size(); ++slot) {
      const std::optional<ActiveAlert>& alert = entries_[slot].alert;
      if (seen_[slot] == evaluation_ || !alert || alert->state == AlertState::kInactive) continue;
      absent_.push_back({.slot = slot,
                         .row = slot_rows_[slot],
                         .sample_labels = alert->sample_labels,
                         .state = alert->state,
                         .ends = !KeepsFiring(*alert, at, timing),
                         .missing = alert->missing,
                         .sighting = Sighting::kFalse,
                         .value = std::nullopt});
    }
  }
  if (absent_.empty()) return {};
  return absence_.Judge(absent_, Shifted(at));
}

Status AlertingRule::CheckLimit() const {
  const auto stays = [](const AbsentAlert& alert) {
    return !alert.ends || alert.sighting == Sighting::kHeld || alert.sighting == Sighting::kForced;
  };
  const std::size_t count = present_rows_.size() + candidates_.size() +
                            static_cast<std::size_t>(std::ranges::count_if(absent_, stays));
  if (settings().limit == 0 || count <= settings().limit) return {};
  return Error{ErrorCode::kTooLarge, "exceeded limit of " + std::to_string(settings().limit) +
                                         " with " + std::to_string(count) + " alerts"};
}

void AlertingRule::ExpandTimed(const promql::Block& block, Millis at) {
  std::vector<std::pair<std::uint32_t, Labels>> rows;
  {
    const MutexLock lock(mutex_);
    for (const std::uint32_t row : present_rows_) {
      rows.emplace_back(row, entries_[row_slots_[row]].alert->labels);
    }
  }
  for (const Candidate& candidate : candidates_) rows.emplace_back(candidate.row, candidate.labels);
  timed_.clear();
  for (const auto& [row, labels] : rows) {
    timed_.push_back(
        templates_.ExpandAnnotations({block.shape->labels[row], block.values[row], at}, labels));
  }
}

void AlertingRule::Merge(const promql::Block& block, Millis at) {
  std::size_t next_timed = 0;
  const auto set_timed = [&](Entry& entry) {
    if (!templates_.annotations_use_time()) return;
    entry.SetAnnotations(std::move(timed_[next_timed++]));
  };
  for (const std::uint32_t row : present_rows_) {
    Entry& entry = entries_[row_slots_[row]];
    Renew(entry, block.shape->labels[row], block.values[row], at);
    set_timed(entry);
  }
  // A burst is known to be one; what comes little by little finds room as it always does.
  if (candidates_.size() > slots_.size()) {
    slots_.reserve(slots_.size() + candidates_.size());
    entries_.reserve(entries_.size() + candidates_.size());
    constexpr std::size_t kSeriesOfAlert = 2;
    writer().Reserve(kSeriesOfAlert * candidates_.size());
  }
  for (Candidate& candidate : candidates_) {
    const std::uint32_t row = candidate.row;
    const Slot slot = Insert(
        NewAlert(std::move(candidate.labels), block.shape->labels[row], block.values[row], at));
    row_slots_[row] = slot;
    slot_rows_[slot] = row;
    seen_[slot] = evaluation_;
    entries_[slot].is_new = true;
    set_timed(entries_[slot]);
  }
}

void AlertingRule::Renew(Entry& entry, const Labels& sample, double value, Millis at) {
  ActiveAlert& alert = *entry.alert;
  if (alert.state == AlertState::kInactive) {
    alert = NewAlert(std::move(alert.labels), sample, value, at);
    entry.has_annotations = false;
    entry.is_new = true;
    return;
  }
  if (IsSameValue(alert.value, value) && alert.sample_labels == sample) return;
  alert.value = value;
  alert.sample_labels = sample;
  entry.ForgetAnnotations();
}

AlertingRule::Slot AlertingRule::Insert(ActiveAlert alert) {
  Slot slot = static_cast<Slot>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
    slot_rows_.push_back(kNoRow);
    seen_.push_back(0);
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_.emplace(alert.labels, slot);
  entries_[slot].alert = std::move(alert);
  return slot;
}

void AlertingRule::Erase(Slot slot) {
  Entry& entry = entries_[slot];
  ReleaseSeries(entry);
  slots_.erase(entry.alert->labels);
  const std::uint32_t row = std::exchange(slot_rows_[slot], kNoRow);
  if (row != kNoRow && row_slots_[row] == slot) row_slots_[row] = kNoSlot;
  entry = Entry();
  free_.push_back(slot);
}

void AlertingRule::AdvanceAll(Millis at, RuleOutcome& outcome) {
  outcome.events.reserve(candidates_.size());
  auto absent = absent_.cbegin();
  for (Slot slot = 0; slot < entries_.size(); ++slot) {
    if (!entries_[slot].alert) continue;
    // Both are in the order of slots.
    const bool is_absent = absent != absent_.cend() && absent->slot == slot;
    AdvanceOne(slot, is_absent ? &*absent++ : nullptr, at, outcome);
  }
}

void AlertingRule::AdvanceOne(Slot slot, const AbsentAlert* absent, Millis at,
                              RuleOutcome& outcome) {
  Entry& entry = entries_[slot];
  ActiveAlert& alert = *entry.alert;
  const bool is_present = seen_[slot] == evaluation_;
  const Sighting otherwise = absent != nullptr ? absent->sighting : Sighting::kFalse;
  AlertStep step = Advance(alert, is_present ? Sighting::kPresent : otherwise, at, Timing());
  if (std::exchange(entry.is_new, false)) {
    step.changed = true;
    if (!step.event) step.event = AlertEvent::Kind::kPending;
  }
  const std::uint32_t missing = absent != nullptr ? absent->missing : 0;
  step.changed |= std::exchange(alert.missing, missing) != missing;
  if (step.event == AlertEvent::Kind::kResolved) {
    // What is told is the last that was told, as in Prometheus: the annotations speak of the last
    // value for which the condition held.
    Complete(entry);
    if (absent != nullptr && absent->value) alert.value = *absent->value;
  }
  outcome.changed |= step.changed;
  if (step.event) {
    Complete(entry);
    outcome.events.push_back({.kind = *step.event, .at = at, .source = {}, .alert = alert});
  }
  if (step.erase) {
    Erase(slot);
  } else {
    UpdateSeries(entry);
  }
}

void AlertingRule::UpdateSeries(Entry& entry) {
  const ActiveAlert& alert = *entry.alert;
  const AlertState wanted = is_restored_ ? alert.state : AlertState::kInactive;
  if (entry.written_state == wanted) return;
  if (wanted == AlertState::kInactive) {
    ReleaseSeries(entry);
    return;
  }
  const SeriesWriter::Handle old = entry.state_series;
  entry.state_series = writer().Add(StateSeries(alert), 1);
  if (old != SeriesWriter::kNone) writer().Release(old);
  if (entry.since_series == SeriesWriter::kNone) {
    entry.since_series = writer().Add(SinceSeries(alert), WholeSeconds(alert.active_at));
  } else {
    writer().Set(entry.since_series, WholeSeconds(alert.active_at));
  }
  entry.written_state = wanted;
}

void AlertingRule::ReleaseSeries(Entry& entry) {
  if (entry.written_state == AlertState::kInactive) return;
  writer().Release(std::exchange(entry.state_series, SeriesWriter::kNone));
  writer().Release(std::exchange(entry.since_series, SeriesWriter::kNone));
  entry.written_state = AlertState::kInactive;
}

/// How long it may take until a firing alert is told again.
Duration AlertingRule::ResendPeriod() const {
  return std::max(settings().interval, environment().resend_delay);
}

std::vector<AlertingRule::Copy> AlertingRule::TakeDue(Millis at) {
  std::vector<std::pair<std::uint32_t, Slot>> due;  // In the order of the result.
  for (Slot slot = 0; slot < entries_.size(); ++slot) {
    const std::optional<ActiveAlert>& alert = entries_[slot].alert;
    if (alert && IsDue(*alert, at, environment().resend_delay)) {
      due.emplace_back(slot_rows_[slot], slot);
    }
  }
  std::ranges::sort(due);
  std::vector<Copy> copies;
  copies.reserve(due.size());
  for (const auto& [row, slot] : due) {
    ActiveAlert& alert = *entries_[slot].alert;
    const bool is_repeat = IsRepeat(alert);
    alert.last_sent_at = at;
    alert.valid_until = at + 4 * ResendPeriod().count();
    copies.push_back(CopyOf(slot));
    if (is_repeat) copies.back().alert.reason = AlertReason::kRepeat;
  }
  return copies;
}

void AlertingRule::Send(const std::vector<ActiveAlert>& due) const {
  if (due.empty() || environment().sink == nullptr) return;
  environment().sink->Send(ToMessages(due));
}

std::vector<Alert> AlertingRule::ToMessages(const std::vector<ActiveAlert>& alerts) const {
  std::vector<Alert> messages;
  messages.reserve(alerts.size());
  for (const ActiveAlert& alert : alerts) {
    messages.push_back(ToMessage(alert, generator_url_, described_));
  }
  return messages;
}

AlertingRule::Copy AlertingRule::CopyOf(Slot slot) const {
  const Entry& entry = entries_[slot];
  return {.slot = slot, .alert = *entry.alert, .has_annotations = entry.has_annotations};
}

SharedAnnotations AlertingRule::AnnotationsOf(const ActiveAlert& alert) const {
  return templates_.ExpandAnnotations(
      {.labels = alert.sample_labels, .value = alert.value, .at = alert.active_at}, alert.labels);
}

void AlertingRule::Complete(Entry& entry) const {
  if (!entry.has_annotations) entry.SetAnnotations(AnnotationsOf(*entry.alert));
}

/// With their annotations, which the entries remember. Expands without the lock: templates may take
/// their time.
std::vector<ActiveAlert> AlertingRule::Completed(std::vector<Copy> copies) const {
  bool is_any_new = false;
  for (Copy& copy : copies) {
    if (copy.has_annotations) continue;
    copy.alert.annotations = AnnotationsOf(copy.alert);
    is_any_new = true;
  }
  if (is_any_new) Remember(copies);
  std::vector<ActiveAlert> alerts;
  alerts.reserve(copies.size());
  for (Copy& copy : copies) alerts.push_back(std::move(copy.alert));
  return alerts;
}

/// Gives entries the annotations that were expanded for copies of them. A slot may have another
/// alert by now, or its alert another value.
void AlertingRule::Remember(const std::vector<Copy>& copies) const {
  const MutexLock lock(mutex_);
  for (const auto& [slot, expanded, had_annotations] : copies) {
    if (had_annotations || slot >= entries_.size()) continue;
    Entry& entry = entries_[slot];
    if (entry.has_annotations || !entry.alert) continue;
    const ActiveAlert& alert = *entry.alert;
    const bool is_same = IsSameValue(alert.value, expanded.value) &&
                         alert.sample_labels == expanded.sample_labels &&
                         alert.labels == expanded.labels;
    if (is_same) entry.SetAnnotations(expanded.annotations);
  }
}

std::vector<ActiveAlert> AlertingRule::Alerts() const {
  std::vector<Copy> copies;
  {
    const MutexLock lock(mutex_);
    copies.reserve(entries_.size() - free_.size());
    for (Slot slot = 0; slot < entries_.size(); ++slot) {
      if (entries_[slot].alert) copies.push_back(CopyOf(slot));
    }
  }
  return Completed(std::move(copies));
}

std::optional<AlertState> AlertingRule::HighestState() const {
  AlertState highest = AlertState::kInactive;
  const MutexLock lock(mutex_);
  for (const Entry& entry : entries_) {
    if (entry.alert) highest = std::max(highest, entry.alert->state);
  }
  return highest;
}

void AlertingRule::Adopt(std::vector<ActiveAlert> alerts, Duration downtime) {
  has_adopted_ = true;
  is_restored_ = true;
  std::vector<Copy> told;
  {
    const MutexLock lock(mutex_);
    told = InsertAdopted(std::move(alerts), downtime);
  }
  if (told.empty() || environment().sink == nullptr) return;
  environment().sink->Resume(ToMessages(Completed(std::move(told))));
}

/// Gives those that somebody was told of.
std::vector<AlertingRule::Copy> AlertingRule::InsertAdopted(std::vector<ActiveAlert> alerts,
                                                            Duration downtime) {
  const Millis now = environment().clock->Now().time_since_epoch().count();
  const Millis holds_until = now + 4 * ResendPeriod().count();
  std::vector<Copy> told;
  for (ActiveAlert& alert : alerts) {
    if (slots_.contains(alert.labels)) continue;
    if (alert.state == AlertState::kPending) alert.active_at += downtime.count();
    const bool is_over = alert.state == AlertState::kInactive;
    const Slot slot = Insert(std::move(alert));
    Entry& entry = entries_[slot];
    entry.has_annotations = is_over || templates_.annotations_use_time();
    // Templates may be others now.
    if (!entry.has_annotations) entry.ForgetAnnotations();
    // So that they are ended, should the alert be over.
    UpdateSeries(entry);
    if (entry.alert->state == AlertState::kPending || !entry.alert->last_sent_at) continue;
    Copy& copy = told.emplace_back(CopyOf(slot));
    copy.alert.reason = AlertReason::kRepeat;
    copy.alert.valid_until = std::max(copy.alert.valid_until, holds_until);
  }
  return told;
}

void AlertingRule::SetActiveAt(const Labels& labels, Millis active_at) {
  const auto found = slots_.find(labels);
  if (found == slots_.end()) return;
  const MutexLock lock(mutex_);
  const Entry& entry = entries_[found->second];
  if (entry.alert->state == AlertState::kInactive) return;
  entries_[found->second].alert->active_at = active_at;
  if (entry.since_series != SeriesWriter::kNone) {
    writer().Set(entry.since_series, WholeSeconds(active_at));
  }
}

void AlertingRule::ShiftTimers(Duration by) {
  const MutexLock lock(mutex_);
  for (Entry& entry : entries_) {
    if (!entry.alert) continue;
    ActiveAlert& alert = *entry.alert;
    if (alert.keep_firing_since) *alert.keep_firing_since += by.count();
    if (alert.state != AlertState::kPending) continue;
    alert.active_at += by.count();
    if (entry.since_series != SeriesWriter::kNone) {
      writer().Set(entry.since_series, WholeSeconds(alert.active_at));
    }
  }
}

RuleOutcome AlertingRule::EndAt(Millis at) {
  RuleOutcome outcome;
  outcome.changed = true;
  std::vector<ActiveAlert> due;
  const MutexLock lock(mutex_);
  for (Entry& entry : entries_) {
    if (!entry.alert || entry.alert->state == AlertState::kInactive) continue;
    Complete(entry);
    ActiveAlert& alert = *entry.alert;
    const bool has_fired = alert.state == AlertState::kFiring;
    alert.state = AlertState::kInactive;
    alert.reason = AlertReason::kRuleRemoved;
    if (has_fired) alert.resolved_at = at;
    alert.last_sent_at = at;
    outcome.events.push_back(
        {.kind = has_fired ? AlertEvent::Kind::kResolved : AlertEvent::Kind::kDropped,
         .at = at,
         .source = {},
         .alert = alert});
    if (has_fired) due.push_back(alert);
  }
  Send(due);
  Clear();
  return outcome;
}

void AlertingRule::Clear() {
  shape_.reset();
  row_slots_.clear();
  row_values_.clear();
  slot_rows_.clear();
  slots_.clear();
  seen_.clear();
  entries_.clear();
  free_.clear();
}

void AlertingRule::TakeOverFrom(EvaluatedRule& old) {
  auto& from = static_cast<AlertingRule&>(old);
  std::vector<Entry> entries;
  std::vector<Slot> free;
  {
    const MutexLock lock(from.mutex_);
    entries = std::move(from.entries_);
    free = std::move(from.free_);
    slots_ = std::move(from.slots_);
    from.Clear();
  }
  slot_rows_.assign(entries.size(), kNoRow);
  seen_.assign(entries.size(), 0);
  // What evaluations alone expand stays until the next one.
  const bool are_timed =
      templates_.annotations_use_time() && from.templates_.annotations_use_time();
  for (Entry& entry : entries) {
    const bool is_active = entry.alert && entry.alert->state != AlertState::kInactive;
    // Templates may be others now.
    if (is_active && !are_timed) entry.ForgetAnnotations();
  }
  has_adopted_ = from.has_adopted_;
  is_restored_ = is_restored_ || from.is_restored_;
  const MutexLock lock(mutex_);
  entries_ = std::move(entries);
  free_ = std::move(free);
}

}  // namespace tocsin
