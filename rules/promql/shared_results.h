// What several queries have in common, evaluated once.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/storage/sample.h"

namespace tocsin::promql {

/// The results of sub-expressions that stand in several of a group's rules, for as long as the
/// group is at one evaluation time. Sub-expressions are the same if they print the same.
///
/// A result is used again only while nothing can have changed it that the group itself has done:
/// whoever writes a series tells Wrote(), and what might select it is forgotten. A sub-expression
/// depends on the metric names that its selectors ask for with `=`; one with a selector that does
/// not, or with info(), depends on every name. What others append meanwhile does not count: as
/// within one query, all that is shared is read as of one moment.
///
/// Annotations are not kept: what is said about a shared part is said to the first who evaluates
/// it.
///
/// One thread at a time.
class SharedResults {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = std::numeric_limits<Id>::max();

  /// Makes the parts of `query` known. Returns, by Expr::id, what Find() is to be asked for; kNone
  /// where it is not worth asking.
  std::vector<Id> Register(const Query& query);

  /// What an evaluation is about. Results of another moment or lookback are forgotten.
  void Begin(Millis at, Millis lookback);
  /// Null if it is not known.
  const Operand* Find(Id id) const { return entries_[id].result ? &*entries_[id].result : nullptr; }
  /// Keeps a result if others may want it and there is room.
  void Keep(Id id, const Operand& result);
  /// A series with this metric name has been written.
  void Wrote(std::string_view metric_name);
  void Clear();

 private:
  struct Entry {
    std::size_t uses = 0;  ///< In how many places it stands.
    std::optional<Operand> result;
  };

  void Forget(Id id);

  std::vector<Entry> entries_;
  std::unordered_map<std::string, Id> ids_;  ///< By printed expression.
  std::map<std::string, std::vector<Id>, std::less<>> by_name_;
  std::vector<Id> of_any_name_;
  std::vector<Id> kept_;  ///< Those with a result; some may have been forgotten since.
  std::size_t kept_values_ = 0;
  Millis at_ = 0;
  Millis lookback_ = 0;
};

}  // namespace tocsin::promql
