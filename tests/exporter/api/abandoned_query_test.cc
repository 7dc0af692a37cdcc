// A slow query over a real connection whose client goes away.

#include <string>
#include <string_view>
#include <variant>

#include <boost/test/unit_test.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "exporter/api/queries.h"
#include "exporter/api/query_api.h"
#include "exporter/http_server.h"
#include "rules/storage/sample_store.h"
#include "tests/support/await.h"
#include "tests/support/raw_client.h"

namespace tocsin::api {
namespace {

/// Takes hours.
constexpr std::string_view kSlow =
    "max_over_time(quantile_over_time(0.5,vector(1)[30d:1s])[30d:1s])";

BOOST_AUTO_TEST_SUITE(abandoned_query_test)

BOOST_AUTO_TEST_CASE(AQueryEndsWhenItsClientHasLeft) {
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  const SystemClock clock;
  SampleStore store({});
  Queries queries({}, store, clock);
  auto server = HttpServer::Start({.listen = {"127.0.0.1:0"}, .cancel = [&] { queries.Cancel(); }},
                                  QueryRoutes(queries, clock), log);
  BOOST_REQUIRE(server);
  // Kept once, it is missing from those kept while it runs.
  BOOST_REQUIRE(std::holds_alternative<Queries::Lease>(queries.Prepare(kSlow)));
  BOOST_REQUIRE(queries.kept() == 1U);
  const std::string form = "query=" + std::string(kSlow);
  {
    RawClient client((*server)->addresses().front());
    client.Send(
        "POST /api/v1/query HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(form.size()) +
        "\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n" + form);
    BOOST_TEST(AwaitThat([&] { return queries.kept() == 0; }));
  }
  BOOST_TEST(AwaitThat([&] { return queries.kept() == 1; }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::api
