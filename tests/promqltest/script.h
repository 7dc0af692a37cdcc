// Prometheus' script language for tests of PromQL: what a script says, without running it.

#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <re2/re2.h>

#include "base/clock.h"
#include "base/labels.h"
#include "base/result.h"
#include "rules/promql/block.h"
#include "rules/promql/series_notation.h"

namespace tocsin::promql {

/// `clear`: forget all samples.
struct ClearCommand {};

/// `load 5m` and the series below it: value i of each is at i times the gap.
struct LoadCommand {
  struct Series {
    SeriesLine line;
    bool has_start_timestamps = false;  ///< A line `series@st ...` stands before it.
  };
  std::size_t line = 0;
  Duration gap{0};
  /// load_with_nhcb: also load native histograms made of the classic ones.
  bool with_histograms = false;
  std::vector<Series> series;  ///< Each label set once: the last line of a series counts.
};

/// What an error or an annotation has to be.
class TextPattern {
 public:
  /// Anything.
  TextPattern() = default;
  /// `text` and nothing else.
  static TextPattern Exactly(std::string_view text);
  /// Anything in which the regular expression is found. Fails with kInvalidInput.
  static Result<TextPattern> Containing(std::string_view regexp);

  bool Matches(std::string_view text) const;
  /// `msg: text`, `regex: text`, or nothing if anything matches.
  const std::string& description() const { return description_; }

 private:
  std::string description_;
  std::optional<std::string> exact_;
  std::shared_ptr<const re2::RE2> regexp_;
};

/// What is expected of the annotations of one kind: each of `patterns` matches one, and if there
/// are any patterns, each annotation matches one of these.
struct AnnotationExpectation {
  bool none = false;  ///< There must be none.
  bool some = false;  ///< There must be at least one: the old `eval_warn`.
  std::vector<TextPattern> patterns;
};

struct ExpectedSeries {
  Labels labels;
  std::vector<SequenceValue> values;  ///< At the start, the start plus a step, ...
};

/// `eval instant at 5m expr` or `eval range from 0 to 10m step 5m expr`, and the expectations below
/// it.
struct EvalCommand {
  std::size_t line = 0;
  std::string expr;
  bool range = false;
  Steps steps;     ///< An instant query has one.
  Millis end = 0;  ///< Of a range query: as it was asked for, maybe between two steps.

  std::optional<TextPattern> fail;
  AnnotationExpectation warnings;
  AnnotationExpectation infos;
  bool ordered = false;
  std::optional<double> scalar;
  std::optional<std::string> string;
  /// When the samples of the range vector are that the instant query is to give.
  std::optional<Steps> range_vector;
  std::vector<ExpectedSeries> series;

  /// The lines of the case as they were written, for reports.
  std::vector<std::string> written;
};

/// A block that is not understood.
struct BadCommand {
  std::size_t line = 0;  ///< The first that is wrong.
  std::string message;
};

using Command = std::variant<ClearCommand, LoadCommand, EvalCommand, BadCommand>;

/// Parses a script. What is wrong in one block does not keep the others from being read.
/// Source: Prometheus' promql/promqltest/README.md.
std::vector<Command> ParseScript(std::string_view text);

}  // namespace tocsin::promql
