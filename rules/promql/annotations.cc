#include "rules/promql/annotations.h"

#include <fmt/format.h>

#include "rules/promql/parser.h"

namespace tocsin::promql {

void Annotations::Warn(std::string_view message, Position position) {
  warnings_.insert(
      fmt::format("PromQL warning: {} ({})", message, LineAndColumn(text_, position.begin)));
}

void Annotations::Info(std::string_view message, Position position) {
  infos_.insert(fmt::format("PromQL info: {} ({})", message, LineAndColumn(text_, position.begin)));
}

}  // namespace tocsin::promql
