#include "tests/promqltest/runner.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <variant>

#include "rules/promql/parser.h"
#include "tests/promqltest/check.h"
#include "tests/promqltest/pinning.h"

namespace tocsin::promql {
namespace {

constexpr std::string_view kHistograms = "native histograms";
constexpr std::string_view kStartTimestamps = "start timestamps";

/// As Prometheus' runner sets its engine up. It allows 10,000 samples at a time, counted in its own
/// way; here the limit only keeps a bad script from using up the memory.
Engine::Settings EverythingOn() {
  Engine::Settings settings;
  settings.lookback = Duration{5 * 60'000};
  settings.timeout = Duration{100'000};
  settings.default_subquery_step = Duration{60'000};
  settings.max_samples = 10'000'000;
  settings.experimental = true;
  settings.features.delayed_name_removal = true;
  settings.features.type_and_unit_labels = true;
  return settings;
}

bool HasHistograms(const std::vector<SequenceValue>& values) {
  return std::ranges::any_of(values, [](const SequenceValue& value) {
    return value.kind == SequenceValue::Kind::kHistogram;
  });
}

bool ExpectsHistograms(const EvalCommand& eval) {
  return std::ranges::any_of(
      eval.series, [](const ExpectedSeries& series) { return HasHistograms(series.values); });
}

/// The native histogram that load_with_nhcb makes, among others, of this series; nothing if it is
/// no part of a classic histogram.
std::optional<Labels> HistogramMadeOf(const Labels& labels) {
  const std::string_view name = labels.metric_name();
  for (const std::string_view suffix : {"_bucket", "_count", "_sum"}) {
    if (!name.ends_with(suffix) || (suffix == "_bucket" && !labels.Has("le"))) continue;
    LabelsBuilder builder(labels);
    builder.Set(kMetricNameLabel, name.substr(0, name.size() - suffix.size()));
    return builder.Remove("le").Build();
  }
  return std::nullopt;
}

bool Selects(const std::vector<Matcher>& matchers, const Labels& labels) {
  return std::ranges::all_of(matchers, [&](const Matcher& matcher) {
    return matcher.Matches(labels.Get(matcher.name()).text());
  });
}

}  // namespace

ScriptRunner::ScriptRunner(const Clock& clock, bool float_only)
    : clock_(clock), float_only_(float_only) {
  Clear();
}

void ScriptRunner::Clear() {
  engine_.reset();
  store_ = std::make_unique<SampleStore>(SampleStore::Settings{});
  engine_ = std::make_unique<Engine>(EverythingOn(), *store_, clock_);
  unsupported_.clear();
}

std::vector<CaseReport> ScriptRunner::Run(std::string_view script) {
  for (const Command& command : ParseScript(script)) {
    std::visit([this](const auto& one) { Run(one); }, command);
  }
  return std::move(reports_);
}

void ScriptRunner::Run(const ClearCommand& /*clear*/) {
  Clear();
}

void ScriptRunner::Run(const BadCommand& bad) {
  reports_.push_back({bad.line, "", CaseReport::Outcome::kFailed, bad.message + '\n'});
}

void ScriptRunner::LoadSeries(const LoadCommand::Series& series, const LoadCommand& load,
                              std::vector<SampleStore::Entry>& batch) {
  const Labels& labels = series.line.labels;
  if (load.with_histograms) {
    if (auto made = HistogramMadeOf(labels)) unsupported_.emplace_back(*made, kHistograms);
  }
  if (series.has_start_timestamps) unsupported_.emplace_back(labels, kStartTimestamps);
  if (HasHistograms(series.line.values)) unsupported_.emplace_back(labels, kHistograms);
  Millis at = 0;
  for (const SequenceValue& value : series.line.values) {
    if (value.kind == SequenceValue::Kind::kSample) batch.push_back({labels, {at, value.value}});
    at += load.gap.count();
  }
}

void ScriptRunner::Run(const LoadCommand& load) {
  std::vector<SampleStore::Entry> batch;
  for (const LoadCommand::Series& series : load.series) LoadSeries(series, load, batch);
  const AppendCounts counts = store_->Append(batch);
  if (counts.refused() == 0) return;
  reports_.push_back({load.line, "", CaseReport::Outcome::kFailed,
                      "the store refused " + std::to_string(counts.refused()) + " samples\n"});
}

std::optional<std::string_view> ScriptRunner::ReasonToSkip(const EvalCommand& eval) const {
  if (!float_only_) return std::nullopt;
  if (ExpectsHistograms(eval)) return kHistograms;
  // The function exists only for their sake.
  if (eval.expr.find("start_timestamp(") != std::string::npos) return kStartTimestamps;
  const ParseResult parsed = Parse(eval.expr, {.experimental = true});
  if (!parsed) return std::nullopt;
  for (const auto& matchers : SelectorsOf(*parsed.query)) {
    for (const auto& [labels, reason] : unsupported_) {
      if (Selects(matchers, labels)) return reason;
    }
  }
  return std::nullopt;
}

void ScriptRunner::Run(const EvalCommand& eval) {
  CaseReport report{eval.line, eval.expr, CaseReport::Outcome::kPassed, ""};
  if (const auto reason = ReasonToSkip(eval)) {
    report.outcome = CaseReport::Outcome::kSkipped;
    report.detail = *reason;
  } else if (auto difference = Check(*engine_, eval)) {
    report.outcome = CaseReport::Outcome::kFailed;
    report.detail = std::move(*difference) + "  wanted\n";
    for (const std::string& line : eval.written) report.detail += "    " + line + '\n';
  }
  reports_.push_back(std::move(report));
}

}  // namespace tocsin::promql
