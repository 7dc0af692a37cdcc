#include "rules/promql/shared_results.h"

#include <set>
#include <variant>

#include "rules/promql/analysis.h"
#include "rules/promql/evaluator.h"
#include "rules/promql/functions.h"
#include "rules/promql/printer.h"

namespace tocsin::promql {
namespace {

/// 8 MiB of a group's memory during an evaluation.
constexpr std::size_t kMostKeptValues = std::size_t{1} << 20;

/// Whether evaluating it reads series, and gives something that can be kept.
bool IsWorthSharing(const Expr& expr) {
  if (expr.type != ValueType::kVector && expr.type != ValueType::kScalar) return false;
  return !std::holds_alternative<Paren>(expr.node) && !Selectors(expr).empty();
}

bool IsInfo(const Expr& expr) {
  const auto* const call = std::get_if<Call>(&expr.node);
  if (call == nullptr) return false;
  const auto* const special = std::get_if<SpecialFunction>(&call->function->how);
  return special != nullptr && special->kind == SpecialFunction::Kind::kInfo;
}

/// The metric names whose series `expr` may read; nothing if that may be any.
std::optional<std::set<std::string_view>> MetricNames(const Expr& expr) {
  bool selects_any = false;
  Walk(expr, [&](const Expr& part) { selects_any |= IsInfo(part); });
  std::set<std::string_view> names;
  for (const VectorSelector* const selector : Selectors(expr)) {
    const std::string_view name = MetricNameOf(*selector);
    selects_any |= name.empty();
    names.insert(name);
  }
  if (selects_any) return std::nullopt;
  return names;
}

}  // namespace

std::vector<SharedResults::Id> SharedResults::Register(const Query& query) {
  std::vector<Id> registered(query.node_count, kNone);
  Walk(*query.root, [&](const Expr& expr) {
    if (!IsWorthSharing(expr)) return;
    const auto next = static_cast<Id>(entries_.size());
    const auto [place, is_new] = ids_.try_emplace(Print(expr), next);
    const Id id = registered[expr.id] = place->second;
    if (is_new) {
      entries_.emplace_back();
      if (const auto names = MetricNames(expr)) {
        for (const std::string_view name : *names) by_name_[std::string(name)].push_back(id);
      } else {
        of_any_name_.push_back(id);
      }
    }
    ++entries_[id].uses;
  });
  return registered;
}

void SharedResults::Begin(Millis at, Millis lookback) {
  if (at == at_ && lookback == lookback_) return;
  Clear();
  at_ = at;
  lookback_ = lookback;
}

void SharedResults::Keep(Id id, const Operand& result) {
  Entry& entry = entries_[id];
  const std::size_t size = SizeOf(result);
  if (entry.uses < 2 || kept_values_ + size > kMostKeptValues) return;
  entry.result = result;
  kept_.push_back(id);
  kept_values_ += size;
}

void SharedResults::Wrote(std::string_view metric_name) {
  if (kept_.empty()) return;
  const auto found = by_name_.find(metric_name);
  if (found != by_name_.end()) {
    for (const Id id : found->second) Forget(id);
  }
  for (const Id id : of_any_name_) Forget(id);
}

void SharedResults::Forget(Id id) {
  std::optional<Operand>& result = entries_[id].result;
  if (!result) return;
  kept_values_ -= SizeOf(*result);
  result.reset();
}

void SharedResults::Clear() {
  for (const Id id : kept_) Forget(id);
  kept_.clear();
}

}  // namespace tocsin::promql
