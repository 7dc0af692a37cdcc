// What a query has to say beside its result.

#pragma once

#include <set>
#include <string>
#include <string_view>

#include "rules/promql/ast.h"

namespace tocsin::promql {

/// Warnings and infos of one query, each text once.
/// Source: Prometheus' util/annotations.
class Annotations {
 public:
  /// `text` is the expression that positions refer to; it must outlive this.
  explicit Annotations(std::string_view text) : text_(text) {}

  /// Adds "PromQL warning: <message> (line:column)".
  void Warn(std::string_view message, Position position);
  /// Adds "PromQL info: <message> (line:column)".
  void Info(std::string_view message, Position position);

  const std::set<std::string>& warnings() const { return warnings_; }
  const std::set<std::string>& infos() const { return infos_; }

 private:
  std::string_view text_;
  std::set<std::string> warnings_;
  std::set<std::string> infos_;
};

}  // namespace tocsin::promql
