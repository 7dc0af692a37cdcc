#include "exporter/request_target.h"

#include <optional>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

struct TargetCase {
  std::string_view target;
  std::optional<std::string_view> parsed;  ///< path|name=value|..., or nothing if it is refused.
};

constexpr TargetCase kTargets[] = {
    {"/", "/"},
    {"/metrics", "/metrics"},
    {"/metrics?", "/metrics"},
    {"/metrics?collect[]=a&collect%5b%5D=b", "/metrics|collect[]=a|collect[]=b"},
    {"/a%2Fb+c?d+e=%2B", "/a/b+c|d e=+"},
    {"/m?a=b=c&&d", "/m|a=b=c|d="},
    {"/m?=v", "/m|=v"},
    {"http://host:1/m?a=b", "/m|a=b"},
    {"http://host", "/"},
    {"*", "*"},
    {"", ""},
    {"/%c3%a9", "/\xc3\xa9"},
    {"/%", std::nullopt},
    {"/%4", std::nullopt},
    {"/%+1", std::nullopt},
    {"/%00", std::nullopt},
    {"/?a=%zz", std::nullopt},
    {"/?%zz=a", std::nullopt},
};

std::string Print(const RequestTarget& target) {
  std::string text = target.path;
  for (const auto& [name, value] : target.query) text += '|' + name + '=' + value;
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(request_target_test)

BOOST_AUTO_TEST_CASE(DecodesOrRefuses) {
  for (const TargetCase& row : kTargets) {
    BOOST_TEST_CONTEXT(row.target) {
      const Result<RequestTarget> parsed = ParseRequestTarget(row.target);
      BOOST_REQUIRE_EQUAL(static_cast<bool>(parsed), row.parsed.has_value());
      if (parsed) BOOST_TEST(Print(*parsed) == *row.parsed);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
