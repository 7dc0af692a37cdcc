// A store and an engine for tests, with values written and results read as text.

#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/labels.h"
#include "base/number.h"
#include "rules/promql/engine.h"
#include "rules/promql/parser.h"
#include "rules/storage/sample_store.h"
#include "tests/support/fake_clock.h"

namespace tocsin::promql {

inline constexpr Millis kSecond = 1000;
inline constexpr Millis kMinute = 60 * kSecond;

/// A result as text, a series a line, sorted: `up{job="a"} 1`; over several steps `up 1 _ 3`, `_`
/// where there is no value; of a range vector `up 1@0 2@15000`. Errors as "execution: why".
class ResultText {
 public:
  static std::string Of(const QueryOutcome& outcome) {
    if (!outcome) {
      return std::string(Name(outcome.error().kind)) + ": " + outcome.error().message;
    }
    return std::visit([](const auto& value) { return Of(value); }, outcome->value);
  }

 private:
  static std::string Of(const std::string& text) { return "string " + text; }
  static std::string Of(const ScalarColumn& scalar) {
    return "scalar " + FormatNumber(scalar.values.front());
  }
  static std::string Of(const Block& block) {
    std::vector<std::string> lines;
    for (std::size_t s = 0; s < block.shape->size(); ++s) {
      std::string line = block.shape->visible(s).ToString();
      bool any = false;
      for (std::size_t i = 0; i < block.steps; ++i) {
        const double v = block.at(s, i);
        any = any || IsPresent(v);
        line += IsPresent(v) ? " " + FormatNumber(v) : " _";
      }
      if (any) lines.push_back(std::move(line));
    }
    return Sorted(std::move(lines));
  }
  static std::string Of(const RangeBlock& ranges) {
    std::vector<std::string> lines;
    for (std::size_t s = 0; s < ranges.shape->size(); ++s) {
      const Samples& samples = ranges.samples[s];
      if (samples.size() == 0) continue;
      std::string line = ranges.shape->visible(s).ToString();
      for (std::size_t i = 0; i < samples.size(); ++i) {
        line += " " + FormatNumber(samples.v[i]) + "@" + std::to_string(samples.t[i]);
      }
      lines.push_back(std::move(line));
    }
    return Sorted(std::move(lines));
  }
  static std::string Sorted(std::vector<std::string> lines) {
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
    return text;
  }
};

/// A store, a clock and an engine. Change `settings` before the first query.
struct PromqlFixture {
  SampleStore store{{}};
  FakeClock clock;
  Engine::Settings settings;

  /// Appends `values` from `start` on, one every `step`.
  void Load(std::string_view series, Millis start, Millis step, const std::vector<double>& values) {
    const Result<Labels> labels = ParseSeriesName(series);
    std::vector<SampleStore::Entry> batch;
    for (std::size_t i = 0; i < values.size(); ++i) {
      batch.push_back({*labels, {start + static_cast<Millis>(i) * step, values[i]}});
    }
    store.Append(batch);
  }

  Engine MakeEngine() const { return Engine(settings, store, clock); }

  QueryOutcome Query(std::string_view text, Millis at) const {
    const Engine engine = MakeEngine();
    auto query = engine.Prepare(text);
    if (auto* error = std::get_if<ParseError>(&query)) return Refused(*error);
    return engine.Instant(std::get<PreparedQuery>(query), at, {});
  }
  QueryOutcome Query(std::string_view text, const Steps& steps) const {
    const Engine engine = MakeEngine();
    auto query = engine.Prepare(text);
    if (auto* error = std::get_if<ParseError>(&query)) return Refused(*error);
    return engine.Range(std::get<PreparedQuery>(query), steps, {});
  }
  std::string Instant(std::string_view text, Millis at) const {
    return ResultText::Of(Query(text, at));
  }
  std::string Range(std::string_view text, const Steps& steps) const {
    return ResultText::Of(Query(text, steps));
  }

 private:
  static QueryOutcome Refused(const ParseError& error) {
    return {QueryError{QueryError::Kind::kBadData, error.message}};
  }
};

}  // namespace tocsin::promql
