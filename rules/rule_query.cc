#include "rules/rule_query.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "rules/promql/printer.h"

namespace tocsin {
namespace {

/// A number, as a vector: one series without labels.
promql::Block AsVector(double value) {
  static const promql::ShapePtr kNoLabels =
      std::make_shared<const promql::Shape>(promql::Shape{{Labels()}, {}});
  promql::Block block(kNoLabels, 1);
  block.values.front() = value;
  return block;
}

}  // namespace

std::size_t CountPresent(const promql::Block& block) {
  return static_cast<std::size_t>(std::ranges::count_if(block.values, promql::IsPresent));
}

RuleQuery::RuleQuery(const RuleEnvironment& environment, std::string_view expression,
                     std::shared_ptr<promql::SharedResults> shared)
    : engine_(*environment.engine), text_(expression) {
  options_.stop = environment.stop;
  auto prepared = engine_.Prepare(expression);
  if (const auto* error = std::get_if<promql::ParseError>(&prepared)) {
    error_ = error->ToString(expression);
    if (!expression.empty()) failed_at_ = error->position;
    return;
  }
  query_ = std::move(std::get<promql::PreparedQuery>(prepared));
  text_ = promql::Print(*query_->query().root);
  if (!shared) return;
  options_.keep_windows = true;
  query_->Share(std::move(shared));
}

bool RuleQuery::IsNumber() const {
  return query_ && query_->query().root->type == promql::ValueType::kScalar;
}

Result<promql::Block> RuleQuery::Run(Millis at) {
  if (!query_) return Error{ErrorCode::kInvalidInput, error_};
  promql::QueryOutcome outcome = engine_.Instant(*query_, at, options_);
  failed_at_ = outcome ? std::nullopt : outcome.error().position;
  if (!outcome) return Error{ErrorCode::kUnavailable, outcome.error().message};
  promql::Operand& value = std::get<promql::QueryResult>(outcome.state).value;
  if (auto* const block = std::get_if<promql::Block>(&value)) return std::move(*block);
  if (const auto* scalar = std::get_if<promql::ScalarColumn>(&value)) {
    return AsVector(scalar->values.front());
  }
  return Error{ErrorCode::kInvalidInput, "rule result is not a vector or scalar"};
}

}  // namespace tocsin
