// Runs scripts: loads what they load, asks what they ask, compares.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "rules/promql/engine.h"
#include "rules/storage/sample_store.h"
#include "tests/promqltest/script.h"

namespace tocsin::promql {

/// What became of one `eval`, or of a block that could not be understood or loaded.
struct CaseReport {
  enum class Outcome { kPassed, kFailed, kSkipped };
  std::size_t line = 0;
  std::string expr;  ///< Empty if it is no `eval`.
  Outcome outcome = Outcome::kPassed;
  std::string detail;  ///< Why it was skipped, or everything about the failure, in lines.
};

/// Runs one script against an engine with everything on. One thread at a time. `clock` must outlive
/// it.
class ScriptRunner {
 public:
  /// `float_only`: skip cases that need native histograms or start timestamps.
  ScriptRunner(const Clock& clock, bool float_only);

  /// A report for each case, in order. To be called once.
  std::vector<CaseReport> Run(std::string_view script);

 private:
  void Clear();
  void Run(const ClearCommand& clear);
  void Run(const LoadCommand& load);
  void Run(const EvalCommand& eval);
  void Run(const BadCommand& bad);

  void LoadSeries(const LoadCommand::Series& series, const LoadCommand& load,
                  std::vector<SampleStore::Entry>& batch);
  /// Why the case cannot be run, if it cannot.
  std::optional<std::string_view> ReasonToSkip(const EvalCommand& eval) const;

  const Clock& clock_;
  const bool float_only_;
  std::unique_ptr<SampleStore> store_;
  std::unique_ptr<Engine> engine_;
  /// Series that were not loaded, or not as they were meant, and why.
  std::vector<std::pair<Labels, std::string_view>> unsupported_;
  std::vector<CaseReport> reports_;
};

}  // namespace tocsin::promql
