// Which family a sample belongs to.

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/metric.h"

namespace tocsin::collectors {

/// What a page says about its families in comments, wherever these stand. One thread at a time.
class PageComments {
 public:
  enum class Noted { kNew, kRepeated, kUnknownType };

  /// `# TYPE name word`. The first word of a family that is a type counts.
  Noted AddType(std::string_view name, std::string_view word);
  /// `# HELP name text`. The first counts.
  void AddHelp(std::string_view name, std::string_view text);

  /// The family of a sample.
  struct Family {
    std::string name;  ///< As the text format has it: a counter's ends in `_total`.
    MetricType type = MetricType::kUnknown;
    std::string help = {};
    bool passed_over = false;  ///< A `_created` beside a counter, histogram or summary.

    friend bool operator==(const Family&, const Family&) = default;
  };
  /// The family of samples called `name`. `_bucket`, `_sum`, `_count` belong to the histogram or
  /// summary that was declared, OpenMetrics' `_total` and `_info` to theirs. Whatever else is
  /// called like a histogram, or was not declared, is of no known type.
  Family FamilyOf(std::string_view name) const;

  friend bool operator==(const PageComments&, const PageComments&) = default;

 private:
  enum class Word { kNone, kCounter, kGauge, kHistogram, kSummary, kInfo, kOther };
  struct Declared {
    Word type = Word::kNone;
    std::string help;
    bool has_help = false;
    friend bool operator==(const Declared&, const Declared&) = default;
  };

  static MetricType TypeOf(Word word);
  const Declared* Find(std::string_view name) const;
  bool IsCreationTime(std::string_view name) const;

  std::map<std::string, Declared, std::less<>> declared_;
};

/// The value of a label as Prometheus 3 keeps it: `le` of histograms and `quantile` of summaries
/// are numbers in their canonical form ("1.0"). Anything else is as it was.
std::string CanonicalLabelValue(MetricType type, std::string_view label, std::string_view value);

}  // namespace tocsin::collectors
