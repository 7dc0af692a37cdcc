#include "base/http_client.h"

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/temporary_folder.h"
#include "tests/support/test_server.h"

namespace tocsin {
namespace {

using std::chrono::milliseconds;
using Then = TestServer::Reply::Then;

Result<HttpAnswer> Post(const std::string& url, HttpSettings settings = {}) {
  return MakeHttpClient(std::move(settings))
      ->Send({.method = "POST", .url = url, .body = "body"}, {});
}

TestServer::Handler Always(const TestServer::Reply& reply) {
  return [reply](const TestServer::Request&) { return reply; };
}

BOOST_AUTO_TEST_SUITE(http_client_test)

BOOST_AUTO_TEST_CASE(SendsWhatItIsGiven) {
  const TestServer server(Always(TestServer::Answer(202, "taken", "X-Answer:  yes \r\n")));
  const auto client = MakeHttpClient({.user_agent = "tocsin/1"});
  const Result<HttpAnswer> answer = client->Send({.method = "PUT",
                                                  .url = server.url() + "/a/b?c=d",
                                                  .headers = {{"X-Asked", "too"}, {"X-Empty", ""}},
                                                  .body = std::string("a\0b", 3)},
                                                 {});
  BOOST_REQUIRE(answer);
  BOOST_TEST(answer->status == 202);
  BOOST_TEST(answer->ok());
  BOOST_TEST(answer->body == "taken");
  BOOST_TEST(answer->Header("x-answer") == "yes");
  BOOST_TEST(answer->Header("x-other").empty());
  const TestServer::Request request = server.requests().at(0);
  BOOST_TEST(request.line() == "PUT /a/b?c=d HTTP/1.1");
  BOOST_TEST(request.Header("X-Asked") == "too");
  BOOST_TEST(request.head.find("X-Empty:") != std::string::npos);
  BOOST_TEST(request.Header("User-Agent") == "tocsin/1");
  BOOST_TEST(request.body == std::string("a\0b", 3));
}

BOOST_AUTO_TEST_CASE(AnyStatusIsAnAnswer) {
  for (const int status : {200, 204, 304, 400, 404, 429, 500, 503}) {
    const TestServer server(Always(TestServer::Answer(status, status == 204 ? "" : "words")));
    const Result<HttpAnswer> answer = Post(server.url());
    BOOST_TEST_CONTEXT(status) {
      BOOST_REQUIRE(answer);
      BOOST_TEST(answer->status == status);
      BOOST_TEST(answer->ok() == (status < 300));
    }
  }
}

BOOST_AUTO_TEST_CASE(KeepsAConnectionAndReplacesOneThatHasGone) {
  int served = 0;
  const TestServer server([&](const TestServer::Request&) {
    TestServer::Reply reply = TestServer::Answer(200);
    if (++served == 2) reply.then = Then::kClose;  // Without a word about it.
    return reply;
  });
  const auto client = MakeHttpClient({});
  for (int i = 0; i < 4; ++i) {
    const Result<HttpAnswer> answer =
        client->Send({.method = "POST", .url = server.url(), .body = "x"}, {});
    BOOST_REQUIRE(answer);
  }
  std::vector<int> connections;
  for (const auto& request : server.requests()) connections.push_back(request.connection);
  BOOST_TEST(connections == (std::vector<int>{1, 1, 2, 2}), boost::test_tools::per_element());
}

// libcurl counts how often it has replaced a connection for a handle, and gives up at some time.
BOOST_AUTO_TEST_CASE(ReplacesConnectionsThatHaveGoneForEver) {
  int connection = 0;
  const TestServer server([&](const TestServer::Request& request) {
    const bool is_kept = request.connection == std::exchange(connection, request.connection);
    if (is_kept) return TestServer::Reply{"", Then::kClose};
    return TestServer::Answer(200);
  });
  const auto client = MakeHttpClient({});
  for (int i = 0; i < 40; ++i) {
    BOOST_TEST_CONTEXT("request " << i) {
      const Result<HttpAnswer> answer =
          client->Send({.method = "POST", .url = server.url(), .body = "x"}, {});
      BOOST_TEST(static_cast<bool>(answer));
    }
  }
}

BOOST_AUTO_TEST_CASE(SpeaksIpv6) {
  const TestServer server(Always(TestServer::Answer(200)), "::1");
  BOOST_TEST(server.url().find("[::1]") != std::string::npos);
  BOOST_TEST(static_cast<bool>(Post(server.url())));
}

BOOST_AUTO_TEST_CASE(SaysWhatWentWrong) {
  const struct {
    std::string name;
    TestServer::Reply reply;
    ErrorCode code;
    std::string words;
  } rows[] = {
      {"hangs before the answer", {"", Then::kHang}, ErrorCode::kTimeout, "no answer within 100ms"},
      {"hangs in the head",
       {"HTTP/1.1 200 OK\r\nA", Then::kHang},
       ErrorCode::kTimeout,
       "no answer"},
      {"hangs in the body",
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", Then::kHang},
       ErrorCode::kTimeout,
       "no answer"},
      {"closes", {"", Then::kClose}, ErrorCode::kUnavailable, "the connection ended"},
      {"resets", {"", Then::kReset}, ErrorCode::kUnavailable, "the connection ended"},
      {"closes in the body",
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", Then::kClose},
       ErrorCode::kUnavailable,
       "the connection ended"},
      {"long body", TestServer::Answer(200, std::string(5000, 'x')), ErrorCode::kTooLarge,
       "longer than 4096 bytes"},
      {"long head", TestServer::Answer(200, "", "A: " + std::string(5000, 'x') + "\r\n"),
       ErrorCode::kTooLarge, "longer than 4096 bytes"},
      {"no HTTP", {"SSH-2.0-OpenSSH_9.2\r\n\r\n", Then::kClose}, ErrorCode::kCorrupt, "is no HTTP"},
  };
  for (const auto& row : rows) {
    const TestServer server(Always(row.reply));
    const Duration timeout =
        row.code == ErrorCode::kTimeout ? milliseconds(100) : milliseconds(20'000);
    const Result<HttpAnswer> answer =
        Post(server.url() + "/secret/path", {.timeout = timeout, .max_answer_bytes = 4096});
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_REQUIRE(!answer);
      const std::string& message = answer.error().message;
      BOOST_TEST((answer.error().code == row.code), message);
      BOOST_TEST(message.find(row.words) != std::string::npos, message);
      BOOST_TEST(message.starts_with(server.url() + ": "), message);
      BOOST_TEST(message.find("secret") == std::string::npos, message);
    }
  }
}

BOOST_AUTO_TEST_CASE(SaysThatNobodyIsThere) {
  std::string url;
  {
    const TestServer server(Always({}));
    url = server.url();
  }
  const Result<HttpAnswer> refused = Post(url);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == ErrorCode::kUnavailable));
  BOOST_TEST(refused.error().message == url + ": connection refused");

  const Result<HttpAnswer> unknown = Post("http://nobody.invalid:1/");
  BOOST_REQUIRE(!unknown);
  BOOST_TEST((unknown.error().code == ErrorCode::kUnavailable));
}

BOOST_AUTO_TEST_CASE(RefusesWhatMakesNoSense) {
  for (const std::string url :
       {"", "ftp://a/", "file:///etc/passwd", "http://", "http://a:port/"}) {
    const Result<HttpAnswer> answer = Post(url);
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == ErrorCode::kInvalidInput), url);
  }
  const TestServer server(Always(TestServer::Answer(200)));
  const Result<HttpAnswer> answer = MakeHttpClient({})->Send(
      {.method = "GET", .url = server.url(), .headers = {{"A", "b\r\nC: d"}}, .body = {}}, {});
  BOOST_REQUIRE(!answer);
  BOOST_TEST((answer.error().code == ErrorCode::kInvalidInput));
  BOOST_TEST(server.requests().empty());
}

BOOST_AUTO_TEST_CASE(IsStoppedAtOnce) {
  std::stop_source stop;
  const TestServer server([&](const TestServer::Request&) {
    stop.request_stop();
    return TestServer::Reply{"", Then::kHang};
  });
  const auto begin = std::chrono::steady_clock::now();
  const Result<HttpAnswer> answer =
      MakeHttpClient({.timeout = std::chrono::minutes(10)})
          ->Send({.method = "GET", .url = server.url()}, stop.get_token());
  BOOST_REQUIRE(!answer);
  BOOST_TEST((answer.error().code == ErrorCode::kUnavailable));
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::minutes(1)));
}

BOOST_AUTO_TEST_CASE(FollowsOnlyRedirectsThatLoseNothing) {
  const struct {
    std::string name;
    std::string method;
    int status;
    std::string location;
    bool follow;
    std::vector<std::string> lines;
  } rows[] = {
      {"308", "POST", 308, "/b", true, {"POST /a HTTP/1.1", "POST /b HTTP/1.1"}},
      {"307", "POST", 307, "/b", true, {"POST /a HTTP/1.1", "POST /b HTTP/1.1"}},
      {"would become GET", "POST", 302, "/b", true, {"POST /a HTTP/1.1"}},
      {"is GET", "GET", 302, "/b", true, {"GET /a HTTP/1.1", "GET /b HTTP/1.1"}},
      {"unwanted", "GET", 302, "/b", false, {"GET /a HTTP/1.1"}},
      {"elsewhere", "GET", 302, "http://localhost:1/b", true, {"GET /a HTTP/1.1"}},
      {"no HTTP", "GET", 302, "ftp://127.0.0.1/b", true, {"GET /a HTTP/1.1"}},
      {"nowhere", "GET", 302, "", true, {"GET /a HTTP/1.1"}},
  };
  for (const auto& row : rows) {
    const TestServer server([&](const TestServer::Request& request) {
      if (request.line().find(" /a ") == std::string_view::npos) return TestServer::Answer(200);
      const std::string location = row.location.empty() ? "" : "Location: " + row.location + "\r\n";
      return TestServer::Answer(row.status, "", location);
    });
    const Result<HttpAnswer> answer =
        MakeHttpClient({.follow_redirects = row.follow})
            ->Send({.method = row.method, .url = server.url() + "/a"}, {});
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_REQUIRE(answer);
      BOOST_TEST(answer->status == (row.lines.size() == 2 ? 200 : row.status));
      std::vector<std::string> lines;
      for (const auto& request : server.requests()) lines.emplace_back(request.line());
      BOOST_TEST(lines == row.lines, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(FollowsNoCircleForEver) {
  const TestServer server(Always(TestServer::Answer(302, "", "Location: /\r\n")));
  const Result<HttpAnswer> answer =
      MakeHttpClient({})->Send({.method = "GET", .url = server.url()}, {});
  BOOST_REQUIRE(answer);
  BOOST_TEST(answer->status == 302);
  BOOST_TEST(server.requests().size() == 6U);
}

BOOST_AUTO_TEST_CASE(ReadsSecretsAtEachUse) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "token";
  std::ofstream(file) << "first\n";
  const TestServer server(Always(TestServer::Answer(200)));
  const auto client =
      MakeHttpClient({.authorization = HttpAuthorization{.credentials = SecretSource::File(file)},
                      .headers = {{"X-Key", SecretSource::Inline(Secret("key"))}}});
  const OutgoingRequest request{.method = "GET", .url = server.url()};
  BOOST_TEST(static_cast<bool>(client->Send(request, {})));
  std::ofstream(file) << "second\n";
  BOOST_TEST(static_cast<bool>(client->Send(request, {})));
  std::filesystem::remove(file);
  const Result<HttpAnswer> denied = client->Send(request, {});
  BOOST_REQUIRE(!denied);
  BOOST_TEST((denied.error().code == ErrorCode::kDenied));
  const auto requests = server.requests();
  BOOST_REQUIRE(requests.size() == 2U);
  BOOST_TEST(requests[0].Header("Authorization") == "Bearer first");
  BOOST_TEST(requests[1].Header("Authorization") == "Bearer second");
  BOOST_TEST(requests[1].Header("X-Key") == "key");
}

BOOST_AUTO_TEST_CASE(KnowsBasicAuthentication) {
  const TestServer server(Always(TestServer::Answer(200)));
  BOOST_TEST(static_cast<bool>(
      Post(server.url(),
           {.basic_auth = HttpBasicAuth{"user", SecretSource::Inline(Secret("pass:word"))}})));
  BOOST_TEST(server.requests().at(0).Header("Authorization") == "Basic dXNlcjpwYXNzOndvcmQ=");
}

BOOST_AUTO_TEST_CASE(UsesAProxyOnlyWhenItIsToldTo) {
  const TestServer proxy(Always(TestServer::Answer(200, "proxy")));
  const TestServer server(Always(TestServer::Answer(200, "server")));
  setenv("http_proxy", proxy.url().c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  unsetenv("no_proxy");                          // NOLINT(concurrency-mt-unsafe)
  unsetenv("NO_PROXY");                          // NOLINT(concurrency-mt-unsafe)
  BOOST_TEST(Post(server.url())->body == "server");
  BOOST_TEST(Post(server.url(), {.proxy_from_environment = true})->body == "proxy");
  unsetenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
  BOOST_TEST(Post(server.url(), {.proxy_url = Secret(proxy.url())})->body == "proxy");
  BOOST_TEST(proxy.requests().at(0).line() == "POST " + server.url() + "/ HTTP/1.1");
}

BOOST_AUTO_TEST_CASE(NamesServersWithoutTheirSecrets) {
  const struct {
    std::string url;
    std::string origin;
  } rows[] = {
      {"http://user:pass@Host:9093/path?query#fragment", "http://host:9093"},
      {"https://host", "https://host"},
      {"https://[::1]:1/", "https://[::1]:1"},
      {"ftp://host", ""},
      {"host:9093", ""},
      {"", ""},
  };
  for (const auto& row : rows) {
    BOOST_TEST(HttpOrigin(row.url).value_or("") == row.origin, row.url);
  }
}

BOOST_AUTO_TEST_CASE(ReadsHowLongToWait) {
  const TimePoint now(std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) +
                      std::chrono::hours(20));
  const struct {
    std::string text;
    std::optional<Duration> wait;
  } rows[] = {
      {"0", std::chrono::seconds(0)},
      {"120", std::chrono::seconds(120)},
      {"99999999999999999999", std::chrono::seconds(1'000'000'000)},
      {"Sat, 21 Nov 2026 20:00:30 GMT", std::chrono::seconds(30)},
      {"Sat, 21 Nov 2026 19:00:00 GMT", std::chrono::seconds(0)},
      {"soon", std::nullopt},
      {"-1", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : rows) {
    HttpAnswer answer;
    answer.headers = {{"retry-after", row.text}};
    BOOST_TEST((RetryAfter(answer, now) == row.wait), row.text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
