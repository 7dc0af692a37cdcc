#include "collectors/dagster/leader.h"

#include <fstream>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "base/mutex.h"
#include "tests/collectors/dagster/source_probe.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_server.h"

namespace tocsin::collectors::dagster {
namespace {

using Reply = TestServer::Reply;

/// Five seconds after the lease below was renewed.
const std::string kDate = "Date: Sun, 01 Mar 2026 00:00:10 GMT\r\n";
const std::string kHeld = "dagster_daemon_leader_lease_held";
const std::string kRenewed = "dagster_daemon_leader_lease_renew_timestamp_seconds";
const std::string kDuration = "dagster_daemon_leader_lease_duration_seconds";
const std::string kTransitions = "dagster_daemon_leader_lease_transitions_total";
const std::string kHolderA = R"(dagster_daemon_leader_info{holder="daemon-a"})";
constexpr double kRenewedAt = 1772323205.5;

std::string LeaseOf(const std::string& spec) {
  return R"({"kind":"Lease","apiVersion":"coordination.k8s.io/v1",)"
         R"("metadata":{"name":"dagster-daemon-leader","namespace":"floe"},"spec":)" +
         spec + "}";
}

const std::string kLease = LeaseOf(
    R"({"holderIdentity":"daemon-a","leaseDurationSeconds":15,"leaseTransitions":3,)"
    R"("acquireTime":"2026-02-28T12:00:00.000000Z","renewTime":"2026-03-01T00:00:05.500000Z"})");
const std::string kNotFound =
    R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404})";

/// An API server that says the same to everything, and a source on it.
struct Fixture {
  explicit Fixture(Reply reply, bool is_ha = false)
      : server([reply](const TestServer::Request&) { return reply; }),
        source({.server = {.url = server.url(),
                           .settings = {.authorization =
                                            HttpAuthorization{.credentials = SecretSource::Inline(
                                                                  Secret("token"))}}},
                .name_space = "floe",
                .is_ha = is_ha},
               clock) {}

  // 14 hours off, which must not matter.
  FakeClock clock{TimePoint(std::chrono::sys_days{std::chrono::year(2026) / 3 / 1}) +
                  std::chrono::hours(14)};
  TestServer server;
  LeaderSource source;
};

struct LeaseRow {
  std::string what;
  std::string body;
  std::string headers;
  Values expected;
};

const std::vector<LeaseRow> kLeases = {
    {"held",
     kLease,
     kDate,
     {{kHeld, 1}, {kRenewed, kRenewedAt}, {kDuration, 15}, {kTransitions, 3}, {kHolderA, 1}}},
    {"at its last moment",
     kLease,
     "Date: Sun, 01 Mar 2026 00:00:20 GMT\r\n",
     {{kHeld, 1}, {kRenewed, kRenewedAt}, {kDuration, 15}, {kTransitions, 3}, {kHolderA, 1}}},
    {"run out",
     kLease,
     "Date: Sun, 01 Mar 2026 00:00:21 GMT\r\n",
     {{kHeld, 0}, {kRenewed, kRenewedAt}, {kDuration, 15}, {kTransitions, 3}, {kHolderA, 1}}},
    {"run out by our clock, since the server tells no time",
     kLease,
     "Date: yesterday\r\n",
     {{kHeld, 0}, {kRenewed, kRenewedAt}, {kDuration, 15}, {kTransitions, 3}, {kHolderA, 1}}},
    {"given up",
     LeaseOf(R"({"holderIdentity":"","leaseDurationSeconds":1,"leaseTransitions":3,)"
             R"("renewTime":"2026-03-01T00:00:10.000000Z"})"),
     kDate,
     {{kHeld, 0}, {kRenewed, 1772323210}, {kDuration, 1}, {kTransitions, 3}}},
    {"never held", LeaseOf("{}"), kDate, {{kHeld, 0}}},
    {"of wrong types",
     LeaseOf(R"({"holderIdentity":7,"leaseDurationSeconds":"15","leaseTransitions":null})"),
     kDate,
     {{kHeld, 0}}},
};

struct BadRow {
  std::string what;
  Reply reply;
  ErrorCode code;
};

const std::vector<BadRow> kBad = {
    {"a page", TestServer::Answer(200, "<html>"), ErrorCode::kCorrupt},
    {"half a lease", TestServer::Answer(200, kLease.substr(0, 60)), ErrorCode::kCorrupt},
    {"another kind", TestServer::Answer(200, R"({"kind":"Status","spec":{}})"),
     ErrorCode::kCorrupt},
    {"no spec", TestServer::Answer(200, R"({"kind":"Lease"})"), ErrorCode::kCorrupt},
    {"a moment that is none",
     TestServer::Answer(200, LeaseOf(R"({"renewTime":"2026-13-01T00:00:00Z"})")),
     ErrorCode::kCorrupt},
    {"no right to read it", TestServer::Answer(403, R"({"kind":"Status","reason":"Forbidden"})"),
     ErrorCode::kDenied},
    {"a bad token", TestServer::Answer(401, R"({"kind":"Status","reason":"Unauthorized"})"),
     ErrorCode::kDenied},
    {"a server without leases", TestServer::Answer(404, "404 page not found"),
     ErrorCode::kNotFound},
    {"an overloaded server", TestServer::Answer(503, ""), ErrorCode::kUnavailable},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(leader_test)

BOOST_AUTO_TEST_CASE(ALeaseIsReadByTheServersClock) {
  for (const LeaseRow& row : kLeases) {
    BOOST_TEST_CONTEXT(row.what) {
      Fixture fixture(TestServer::Answer(200, row.body, row.headers));
      const Collected collected = CollectFrom(fixture.source);
      BOOST_TEST_REQUIRE(static_cast<bool>(collected.status));
      BOOST_TEST((collected.values == row.expected));
    }
  }
}

BOOST_AUTO_TEST_CASE(TheServiceAccountAsksForOneLease) {
  Fixture fixture(TestServer::Answer(200, kLease, kDate));
  CollectFrom(fixture.source);
  const auto requests = fixture.server.requests();
  BOOST_TEST_REQUIRE(requests.size() == 1U);
  BOOST_TEST(requests[0].line() ==
             "GET /apis/coordination.k8s.io/v1/namespaces/floe/leases/dagster-daemon-leader "
             "HTTP/1.1");
  BOOST_TEST(requests[0].Header("Authorization") == "Bearer token");
}

BOOST_AUTO_TEST_CASE(TheNamespaceIsThatOfTheServiceAccount) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "namespace") << "floe\n";
  const TestServer server([](const TestServer::Request& request) {
    const bool is_own = request.line().find("/namespaces/floe/leases/") != std::string::npos;
    return TestServer::Answer(is_own ? 200 : 500, kLease, kDate);
  });
  const FakeClock clock;
  LeaderSource source({.server = {.url = server.url(), .service_account = folder.path()}}, clock);
  const Collected collected = CollectFrom(source);
  BOOST_TEST(static_cast<bool>(collected.status));
  BOOST_TEST(collected.values.at(kHeld) == 1);
}

BOOST_AUTO_TEST_CASE(NoLeaseIsNoNewsUnlessThereMustBeOne) {
  for (const bool is_ha : {false, true}) {
    Fixture fixture(TestServer::Answer(404, kNotFound, kDate), is_ha);
    const Collected collected = CollectFrom(fixture.source);
    BOOST_TEST(static_cast<bool>(collected.status));
    BOOST_TEST((collected.values == (is_ha ? Values{{kHeld, 0}} : Values{})));
  }
}

BOOST_AUTO_TEST_CASE(WhatIsNoLeaseFails) {
  for (const BadRow& row : kBad) {
    BOOST_TEST_CONTEXT(row.what) {
      Fixture fixture(row.reply, true);
      const Collected collected = CollectFrom(fixture.source);
      BOOST_TEST_REQUIRE(!collected.status);
      BOOST_TEST((collected.status.error().code == row.code), collected.status.error().message);
      BOOST_TEST(collected.values.empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster
