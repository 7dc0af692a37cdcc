#include "base/http_plain.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/file_descriptor.h"
#include "tests/support/test_server.h"

namespace tocsin {
namespace {

using Then = TestServer::Reply::Then;
using std::chrono::seconds;

constexpr seconds kGenerous{20};

TestServer::Handler Always(const TestServer::Reply& reply) {
  return [reply](const TestServer::Request&) { return reply; };
}

Result<HttpAnswer> Send(PlainHttp& plain, const OutgoingRequest& request) {
  BOOST_REQUIRE(plain.CanSend(request));
  return plain.Send(request, std::chrono::steady_clock::now() + kGenerous, {});
}

std::vector<int> ConnectionsOf(const TestServer& server) {
  std::vector<int> connections;
  for (const auto& request : server.requests()) connections.push_back(request.connection);
  return connections;
}

BOOST_AUTO_TEST_SUITE(http_plain_test)

BOOST_AUTO_TEST_CASE(SendsTheBytesThatLibcurlSends) {
  const HttpSettings all = {
      .user_agent = "tocsin/1",
      .authorization = HttpAuthorization{.credentials = SecretSource::Inline(Secret("token"))},
      .headers = {{"X-Key", SecretSource::Inline(Secret("key"))}}};
  const struct {
    std::string name;
    HttpSettings settings;
    OutgoingRequest request;  // Of which the URL is only the path.
  } rows[] = {
      {"bare", {}, {.method = "POST", .url = ""}},
      {"path", {}, {.method = "POST", .url = "/a/./b/../c", .body = "x"}},
      {"query", {}, {.method = "PUT", .url = "/?a=b&c=%20d#here", .body = "x"}},
      {"only a query", {}, {.method = "POST", .url = "?a=/b", .body = "x"}},
      {"headers",
       all,
       {.method = "POST",
        .url = "/hook",
        .headers = {{"Idempotency-Key", "1"}, {"X-Empty", ""}, {"Content-Type", "a/b"}},
        .body = std::string("a\0b", 3)}},
      {"delete", {}, {.method = "DELETE", .url = "/a"}},
      {"large",
       {},
       {.method = "POST", .url = "/a", .body = std::string(std::size_t{1} << 22, 'x')}},
  };
  for (const auto& row : rows) {
    const TestServer server(Always(TestServer::Answer(200)));
    OutgoingRequest request = row.request;
    request.url = server.url() + request.url;
    PlainHttp plain(row.settings);
    ParallelHttpClient libcurl;
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(static_cast<bool>(Send(plain, request)));
      const HttpJob job = {row.settings, request, kGenerous};
      BOOST_TEST(static_cast<bool>(libcurl.SendAll(std::span(&job, 1), {}).at(0).answer));
      const auto requests = server.requests();
      BOOST_REQUIRE(requests.size() == 2U);
      BOOST_TEST(requests[0].head == requests[1].head);
      BOOST_TEST((requests[0].body == requests[1].body));
    }
  }
}

BOOST_AUTO_TEST_CASE(LeavesToLibcurlWhatNeedsIt) {
  const auto can_send = [](const HttpSettings& settings, const OutgoingRequest& request) {
    return PlainHttp(settings).CanSend(request);
  };
  const OutgoingRequest post = {.method = "POST", .url = "http://host/path"};
  BOOST_TEST(can_send({}, post));
  BOOST_TEST(can_send({.authorization = HttpAuthorization{}}, post));
  BOOST_TEST(!can_send({.basic_auth = HttpBasicAuth{}}, post));
  BOOST_TEST(!can_send({.proxy_url = Secret("http://proxy")}, post));
  BOOST_TEST(!can_send({.proxy_from_environment = true}, post));
  BOOST_TEST(!can_send({.headers = {{"host", SecretSource::Inline(Secret("other"))}}}, post));
  BOOST_TEST(!can_send({}, {.method = "GET", .url = post.url}));
  BOOST_TEST(!can_send({}, {.method = "HEAD", .url = post.url}));
  for (const std::string url :
       {"https://host/", "http://user@host/", "http://host/\xc3\xa4", "http://host/a b",
        "ftp://host/", "host", "", "http://[fe80::1%25lo]/", "http://%C3%A4.example/"}) {
    BOOST_TEST(!can_send({}, {.method = "POST", .url = url}), url);
  }
  for (const std::string name : {"Transfer-Encoding", "content-length", "Expect", "Connection"}) {
    BOOST_TEST(!can_send({}, {.method = "POST", .url = post.url, .headers = {{name, "x"}}}), name);
  }
}

BOOST_AUTO_TEST_CASE(SendsOnceMoreOnlyWhatMetAClosedConnection) {
  std::atomic<int> served = 0;
  const TestServer server([&](const TestServer::Request&) {
    switch (++served) {
      case 2: return TestServer::Reply{"", Then::kReset};      // A kept one: tried again.
      case 4: return TestServer::Reply{"HTTP", Then::kClose};  // Kept, but it began to answer.
      case 5: return TestServer::Reply{"", Then::kClose};      // A new one.
      default: return TestServer::Answer(200);
    }
  });
  const HttpSettings settings;
  PlainHttp plain(settings);
  const OutgoingRequest request = {.method = "POST", .url = server.url()};
  BOOST_TEST(static_cast<bool>(Send(plain, request)));  // 1
  BOOST_TEST(static_cast<bool>(Send(plain, request)));  // 2 and 3
  BOOST_TEST(!Send(plain, request));                    // 4
  BOOST_TEST(!Send(plain, request));                    // 5
  BOOST_TEST(static_cast<bool>(Send(plain, request)));  // 6
  BOOST_TEST(ConnectionsOf(server) == (std::vector<int>{1, 1, 2, 2, 3, 4}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(DoesNotTakeWhatNobodyAskedForAsTheNextAnswer) {
  std::atomic<int> served = 0;
  const TestServer server([&](const TestServer::Request&) {
    TestServer::Reply reply = TestServer::Answer(++served == 1 ? 200 : 202);
    if (served == 1) reply.bytes += TestServer::Answer(500).bytes;
    return reply;
  });
  const HttpSettings settings;
  PlainHttp plain(settings);
  const OutgoingRequest request = {.method = "POST", .url = server.url()};
  BOOST_TEST(Send(plain, request)->status == 200);
  BOOST_TEST(Send(plain, request)->status == 202);
  BOOST_TEST(ConnectionsOf(server) == (std::vector<int>{1, 2}), boost::test_tools::per_element());
}

// Other servers of these tests read all of a request first.
BOOST_AUTO_TEST_CASE(HearsWhyItsBodyIsNotRead) {
  const FileDescriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  BOOST_REQUIRE(bind(listener.get(), any, size) == 0);
  BOOST_REQUIRE(listen(listener.get(), 1) == 0);
  BOOST_REQUIRE(getsockname(listener.get(), any, &size) == 0);
  std::promise<void> answered;
  std::promise<bool> closed;
  const std::jthread server([&] {
    const FileDescriptor client(accept(listener.get(), nullptr, nullptr));
    const std::string_view answer = "HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n";
    static_cast<void>(send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL));
    answered.get_future().wait();
    const timeval patience = {kGenerous.count(), 0};
    setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::array<char, std::size_t{1} << 16> buffer;
    ssize_t received = 1;
    while (received > 0) received = recv(client.get(), buffer.data(), buffer.size(), 0);
    closed.set_value(received == 0 || errno == ECONNRESET);
  });
  const HttpSettings settings;
  PlainHttp plain(settings);
  const Result<HttpAnswer> answer =
      Send(plain, {.method = "POST",
                   .url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)),
                   .body = std::string(std::size_t{64} << 20, 'x')});
  answered.set_value();
  BOOST_REQUIRE(answer);
  BOOST_TEST(answer->status == 413);
  BOOST_TEST(closed.get_future().get());  // Half a request is on it.
}

BOOST_AUTO_TEST_CASE(FollowsTheUrl) {
  const TestServer one(Always(TestServer::Answer(201)));
  const TestServer other(Always(TestServer::Answer(202)));
  const HttpSettings settings;
  PlainHttp plain(settings);
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(Send(plain, {.method = "POST", .url = one.url()})->status == 201);
    BOOST_TEST(Send(plain, {.method = "POST", .url = one.url() + "/b"})->status == 201);
    BOOST_TEST(Send(plain, {.method = "POST", .url = other.url()})->status == 202);
  }
  BOOST_TEST(ConnectionsOf(one) == (std::vector<int>{1, 1, 2, 2}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(LeavesAServerOfAnotherDialectToLibcurl) {
  const TestServer server(
      Always({"HTTP/1.1 200 OK\r\nA field: of two words\r\nContent-Length: 0\r\n\r\n"}));
  const auto client = MakeHttpClient({});
  const OutgoingRequest request = {.method = "POST", .url = server.url()};
  const Result<HttpAnswer> first = client->Send(request, {});
  BOOST_REQUIRE(!first);
  BOOST_TEST((first.error().code == ErrorCode::kCorrupt));
  BOOST_TEST(client->Send(request, {})->status == 200);
}

// To Beast, the line of a chunk goes on.
BOOST_AUTO_TEST_CASE(LeavesAServerThatItWaitsForInVainToLibcurl) {
  const TestServer server(
      Always({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\n\n"}));
  const OutgoingRequest request = {.method = "POST", .url = server.url()};
  const HttpSettings settings;
  PlainHttp plain(settings);
  // As long as it takes to see the head of the answer.
  for (Duration patience(100); plain.CanSend(request) && patience < kGenerous; patience *= 2) {
    BOOST_TEST(!plain.Send(request, std::chrono::steady_clock::now() + patience, {}));
  }
  BOOST_TEST(!plain.CanSend(request));
}

BOOST_AUTO_TEST_CASE(ABodyThatIsResetHasNotEnded) {
  const TestServer server(Always({"HTTP/1.1 200 OK\r\n\r\nhalf", Then::kReset}));
  const HttpSettings settings;
  PlainHttp plain(settings);
  const auto answer = Send(plain, {.method = "POST", .url = server.url()});
  BOOST_TEST((!answer && answer.error().code == ErrorCode::kUnavailable));
}

BOOST_AUTO_TEST_CASE(NamesTheWholeTimeAfterARedirect) {
  const TestServer server([](const TestServer::Request& request) {
    if (request.line().find(" /a ") == std::string_view::npos)
      return TestServer::Reply{"", Then::kHang};
    return TestServer::Answer(307, "", "Location: /b\r\n");
  });
  const auto answer = MakeHttpClient({.timeout = std::chrono::milliseconds(500)})
                          ->Send({.method = "POST", .url = server.url() + "/a"}, {});
  BOOST_REQUIRE(!answer);
  BOOST_TEST(answer.error().message == server.url() + ": no answer within 500ms");
}

BOOST_AUTO_TEST_CASE(CountsTheFirstRedirectToo) {
  const TestServer server(Always(TestServer::Answer(308, "", "Location: /\r\n")));
  const Result<HttpAnswer> answer =
      MakeHttpClient({})->Send({.method = "POST", .url = server.url()}, {});
  BOOST_REQUIRE(answer);
  BOOST_TEST(answer->status == 308);
  BOOST_TEST(server.requests().size() == 6U);
}

BOOST_AUTO_TEST_CASE(SendsNothingAfterAStop) {
  const TestServer server(Always(TestServer::Answer(200)));
  const HttpSettings settings;
  PlainHttp plain(settings);
  const OutgoingRequest request = {.method = "POST", .url = server.url()};
  BOOST_TEST(Send(plain, request)->status == 200);  // A connection is there.
  std::stop_source stop;
  stop.request_stop();
  BOOST_REQUIRE(plain.CanSend(request));
  BOOST_TEST(!plain.Send(request, std::chrono::steady_clock::now() + kGenerous, stop.get_token()));
  BOOST_TEST(Send(plain, request)->status == 200);
  BOOST_TEST(server.requests().size() == 2U);
}

BOOST_AUTO_TEST_CASE(IsStoppedAtOnceAndCanBeUsedAgain) {
  std::stop_source stop;
  std::atomic<int> served = 0;
  const TestServer server([&](const TestServer::Request&) {
    if (++served > 1) return TestServer::Answer(200);
    stop.request_stop();
    return TestServer::Reply{"", Then::kHang};
  });
  const HttpSettings settings;
  PlainHttp plain(settings);
  const OutgoingRequest request = {.method = "POST", .url = server.url()};
  BOOST_REQUIRE(plain.CanSend(request));
  const auto begin = std::chrono::steady_clock::now();
  const auto deadline = begin + std::chrono::minutes(10);
  const Result<HttpAnswer> stopped = plain.Send(request, deadline, stop.get_token());
  BOOST_REQUIRE(!stopped);
  BOOST_TEST(stopped.error().message == server.url() + ": stopped");
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::minutes(1)));
  BOOST_TEST(!plain.Send(request, deadline, stop.get_token()));
  BOOST_TEST(Send(plain, request)->status == 200);
  BOOST_TEST(served == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
