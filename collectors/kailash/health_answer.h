#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::collectors::kailash {

/// What /health says of each member. Its own "status" is the constant "healthy", and is not looked
/// at.
struct HealthAnswer {
  std::map<std::string, bool> workflows;
  std::map<std::string, bool> mcp_servers;
};

/// Fails with kCorrupt if `body` is no JSON object. Members that are missing are empty.
Result<HealthAnswer> ParseHealthAnswer(std::string_view body);

}  // namespace tocsin::collectors::kailash
