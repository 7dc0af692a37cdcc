// The expression of a rule, evaluated again and again.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/labels.h"
#include "base/result.h"
#include "rules/promql/block.h"
#include "rules/promql/engine.h"
#include "rules/promql/shared_results.h"
#include "rules/rule_environment.h"
#include "rules/storage/sample.h"

namespace tocsin {

/// How many series of a result of one step have a value.
std::size_t CountPresent(const promql::Block& block);

/// One thread at a time. Must not outlive the environment's engine.
class RuleQuery {
 public:
  /// An `expression` that is none fails whenever it is run.
  /// `shared`, if not null, is that of the rules that are evaluated in one thread with this one,
  /// again and again. Such a query also keeps windows, see Engine::Options.
  RuleQuery(const RuleEnvironment& environment, std::string_view expression,
            std::shared_ptr<promql::SharedResults> shared = nullptr);

  /// The result at `at`: one step; a number is one series without labels. The shape is the same
  /// object for as long as the series are the same. Fails with what PromQL says, or if the result
  /// is neither a number nor a vector.
  Result<promql::Block> Run(Millis at);
  /// Which part of the expression is to blame for the failure of the last Run(), if one is.
  std::optional<promql::Position> failed_at() const { return failed_at_; }

  /// The expression in normal form, as Prometheus shows it.
  const std::string& text() const { return text_; }
  /// Whether its result is a number and no vector.
  bool IsNumber() const;
  /// Null if it is none.
  const promql::Query* parsed() const { return query_ ? &query_->query() : nullptr; }

 private:
  const promql::Engine& engine_;
  std::optional<promql::PreparedQuery> query_;
  promql::Engine::Options options_;
  std::string error_;  ///< Why it is none.
  std::optional<promql::Position> failed_at_;
  std::string text_;
};

}  // namespace tocsin
