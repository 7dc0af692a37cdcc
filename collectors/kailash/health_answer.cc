#include "collectors/kailash/health_answer.h"

#include <boost/json/parse.hpp>

#include "collectors/json_member.h"

namespace tocsin::collectors::kailash {
namespace {

std::map<std::string, bool> Members(const boost::json::value& health, std::string_view key) {
  std::map<std::string, bool> members;
  const boost::json::object* const object = MemberIn(health, key).if_object();
  if (object == nullptr) return members;
  for (const auto& [name, status] : *object) {
    const boost::json::string* const text = status.if_string();
    members[std::string(std::string_view(name))] = text != nullptr && *text == "healthy";
  }
  return members;
}

}  // namespace

Result<HealthAnswer> ParseHealthAnswer(std::string_view body) {
  boost::json::error_code problem;
  const boost::json::value value = boost::json::parse({body.data(), body.size()}, problem);
  if (problem || !value.is_object()) {
    return Error{ErrorCode::kCorrupt, "expected a JSON object"};
  }
  return HealthAnswer{Members(value, "workflows"), Members(value, "mcp_servers")};
}

}  // namespace tocsin::collectors::kailash
