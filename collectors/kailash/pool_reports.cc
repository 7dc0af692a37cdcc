#include "collectors/kailash/pool_reports.h"

#include <algorithm>
#include <cmath>

#include <boost/json/parse.hpp>

#include "collectors/json_member.h"

namespace tocsin::collectors::kailash {
namespace {

/// A count of something; nothing for what cannot be one.
std::optional<double> AmountIn(const boost::json::value& pool, std::string_view key) {
  const std::optional<double> amount = NumberIn(pool, key);
  return amount && std::isfinite(*amount) && *amount >= 0 ? amount : std::nullopt;
}

}  // namespace

std::string PoolLabel(std::string_view name) {
  std::string label(name);
  std::replace(label.begin(), label.end(), '-', '_');
  std::replace(label.begin(), label.end(), ' ', '_');
  return label;
}

Result<PoolAnswer> ParsePoolAnswer(std::string_view body) {
  boost::json::error_code problem;
  const boost::json::value value = boost::json::parse({body.data(), body.size()}, problem);
  const boost::json::object* const pools = problem ? nullptr : MemberIn(value, "pools").if_object();
  if (pools == nullptr) {
    return Error{ErrorCode::kCorrupt, "expected a JSON object with the member \"pools\""};
  }
  PoolAnswer answer;
  for (const auto& [name, pool] : *pools) {
    const std::string label = PoolLabel({name.data(), name.size()});
    if (!pool.is_object() || !MemberIn(pool, "error").is_null()) {
      answer.failed.push_back(label);
      continue;
    }
    answer.pools[label] = {.active = AmountIn(pool, "active_connections"),
                           .idle = AmountIn(pool, "idle_connections"),
                           .exhaustions = AmountIn(pool, "pool_exhaustion_events")};
  }
  return answer;
}

void FillIn(PoolReports& reports, const PoolReports& more) {
  for (const auto& [label, from] : more) {
    PoolReport& report = reports[label];
    if (!report.active) report.active = from.active;
    if (!report.idle) report.idle = from.idle;
    if (!report.exhaustions) report.exhaustions = from.exhaustions;
  }
}

}  // namespace tocsin::collectors::kailash
