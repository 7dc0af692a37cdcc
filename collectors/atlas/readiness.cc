#include "collectors/atlas/readiness.h"

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "collectors/http/expectation.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::atlas {
namespace {

/// More are no list of dependencies.
constexpr std::size_t kMostDependencies = 20;

/// The guide's body has a member retry_after; whatever stands in front of the service may say it in
/// words of its own.
bool SpeaksOfMaintenance(const HttpAnswer& answer, const boost::json::value& body) {
  if (!MemberIn(body, "retry_after").is_null()) return true;
  return LowerCase(answer.body).find("maintenance") != std::string::npos;
}

}  // namespace

Readiness ReadReadiness(const HttpAnswer& answer) {
  Readiness readiness;
  const std::optional<boost::json::value> parsed = http::ParseJson(answer.body);
  const boost::json::value body = parsed.value_or(boost::json::value());
  const boost::json::value& says_ready = MemberIn(body, "ready");
  const bool denies = says_ready.is_bool() && !says_ready.get_bool();
  readiness.ready = answer.status == 200 && !http::IsHtml(answer) && !denies;
  const auto* const checks = MemberIn(body, "checks").if_object();
  readiness.maintenance = answer.status == 503 && checks == nullptr &&
                          !answer.Header("Retry-After").empty() &&
                          SpeaksOfMaintenance(answer, body);
  if (checks == nullptr) return readiness;
  for (const auto& check : *checks) {
    if (!check.value().is_bool() || readiness.dependencies.size() == kMostDependencies) continue;
    readiness.dependencies.emplace(check.key(), check.value().get_bool());
  }
  return readiness;
}

}  // namespace tocsin::collectors::atlas
