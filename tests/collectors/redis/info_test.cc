#include "collectors/redis/info.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/quote.h"

namespace tocsin::collectors {

BOOST_AUTO_TEST_SUITE(redis_info_test)

BOOST_AUTO_TEST_CASE(FieldsAreFoundByName) {
  const std::string text =
      "# Server\r\nredis_version:7.0.15\r\nos:Linux: a: b\r\n\r\n# Memory\r\nused_memory:12\r\n"
      "used_memory:13\r\nratio:1.5\r\nstatus:ok\r\nlink:down\r\nempty:\r\nno colon\r\nlast:1";
  const Result<RedisInfo> info = RedisInfo::Parse(text);
  BOOST_TEST_REQUIRE(static_cast<bool>(info));
  BOOST_TEST(info->Text("redis_version") == "7.0.15");
  BOOST_TEST(info->Text("os") == "Linux: a: b");
  BOOST_TEST(info->Text("missing") == "");
  BOOST_TEST(info->Text("empty") == "");
  const std::vector<std::pair<std::string, std::optional<double>>> table = {
      {"used_memory", 12},
      {"ratio", 1.5},
      {"status", 1},
      {"link", 0},
      {"last", 1},
      {"empty", std::nullopt},
      {"missing", std::nullopt},
      {"os", std::nullopt},
  };
  for (const auto& [name, number] : table) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST((info->Number(name) == number));
    }
  }
}

BOOST_AUTO_TEST_CASE(AnAnswerWithoutAFieldIsCorrupt) {
  for (const std::string text : {"", "\r\n", "# Server\r\n", "<html>", "OK"}) {
    BOOST_TEST_CONTEXT(Quoted(text)) {
      const Result<RedisInfo> info = RedisInfo::Parse(text);
      BOOST_TEST_REQUIRE(!info);
      BOOST_TEST((info.error().code == ErrorCode::kCorrupt));
    }
  }
}

BOOST_AUTO_TEST_CASE(FieldsThatBeginAlikeComeInTheOrderOfTheirNames) {
  const Result<RedisInfo> info = RedisInfo::Parse("db2:b\ndb0:a\nda:x\ndbx:y\ndc:z\n");
  BOOST_TEST_REQUIRE(static_cast<bool>(info));
  std::string found;
  for (const auto& [name, value] : info->Beginning("db")) {
    found.append(name).append("=").append(value).append(";");
  }
  BOOST_TEST(found == "db0=a;db2=b;dbx=y;");
  BOOST_TEST(info->Beginning("z").empty());
  BOOST_TEST(info->Beginning("").size() == 5U);
}

BOOST_AUTO_TEST_CASE(PartsOfAValueAreFoundByName) {
  const std::string_view value = "keys=12,expires=3,avg_ttl=1.5,bad=x,nan=nan,empty=";
  BOOST_TEST((InfoNumber(value, "keys") == 12));
  BOOST_TEST((InfoNumber(value, "avg_ttl") == 1.5));
  BOOST_TEST(!InfoNumber(value, "ttl"));
  BOOST_TEST(!InfoNumber(value, "bad"));
  BOOST_TEST(!InfoNumber(value, "nan"));
  BOOST_TEST(!InfoNumber(value, "empty"));
  BOOST_TEST(InfoPart("", "keys") == "");
}

BOOST_AUTO_TEST_CASE(LatenciesHavePercentileAndQuantile) {
  const Result<RedisInfo> info = RedisInfo::Parse(
      "latency_percentiles_usec_get:p50=1.003,p99=2.007,p99.9=5.023\r\n"
      "latency_percentiles_usec_bad:p50,=3,q50=1,p=1,px=2,p50=x,,\r\n");
  BOOST_TEST_REQUIRE(static_cast<bool>(info));
  std::string found;
  for (const RedisLatency& latency : LatenciesIn(*info)) {
    found.append(latency.command).append(" ").append(latency.percentile).append(" ");
    found.append(latency.quantile).append(" ").append(std::to_string(latency.microseconds));
    found.append(";");
  }
  BOOST_TEST(found == "get 50 0.5 1.003000;get 99 0.99 2.007000;get 99.9 0.999 5.023000;");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
