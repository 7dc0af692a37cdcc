#include "exporter/http_server.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/raw_client.h"

namespace tocsin {
namespace {

constexpr std::string_view kGetHello = "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n";

/// Something that handlers wait for.
class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void AwaitWaiting(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kGenerous, [&] { return waiting_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

struct Fixture {
  Log log{LogLevel::kError, LogFormat::kLogfmt};
  Gate gate;
  std::atomic<int> asked_at_once = 0;
  std::string large = std::string(3'000'000, 'x');
  std::unique_ptr<HttpServer> server;

  std::vector<Route> Routes() {
    const auto text = [](std::string body) {
      return [body = std::move(body)](const HttpRequest&) { return HttpResponse::Text(200, body); };
    };
    return {
        {"/hello", {"GET"}, Waits::kNever, text("hello\n")},
        {"/empty", {"GET"}, Waits::kNever, [](const HttpRequest&) { return HttpResponse(); }},
        {"/pieces",
         {"GET"},
         Waits::kNever,
         [this](const HttpRequest&) {
           HttpResponse response;
           response.more_body = {std::make_shared<const std::string>("a"),
                                 std::make_shared<const std::string>(large),
                                 std::make_shared<const std::string>("b")};
           return response;
         }},
        {"/echo",
         {"POST", "GET"},
         Waits::kNever,
         [](const HttpRequest& request) {
           std::string seen = request.method + ' ' + request.path;
           for (const auto& [name, value] : request.query) seen += ' ' + name + '=' + value;
           return HttpResponse::Text(200, seen + ' ' + request.body);
         }},
        {"/gate",
         {"GET"},
         Waits::kMaybe,
         [this](const HttpRequest&) {
           gate.Pass();
           return HttpResponse::Text(200, "passed\n");
         }},
        {.path = "/api/*/values",
         .methods = {"POST"},
         .handle = [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret"); },
         .refusal =
             [](int status, std::string_view why) {
               return HttpResponse::Text(status, "{" + std::string(why) + "}");
             }},
        {.path = "/api/gate",
         .methods = {"GET"},
         .waits = Waits::kMaybe,
         .handle =
             [this](const HttpRequest&) {
               gate.Pass();
               return HttpResponse::Text(200, "passed\n");
             },
         .refusal = [](int status,
                       std::string_view) { return HttpResponse::Text(status, "{full}"); }},
        {.path = "/at-once",
         .methods = {"GET"},
         .waits = Waits::kMaybe,
         .handle =
             [](const HttpRequest& request) {
               return HttpResponse::Text(200, request.waited > Duration(0) ? "waited" : "begun");
             },
         .at_once = [this](const HttpRequest& request) -> std::optional<HttpResponse> {
           ++asked_at_once;
           if (request.query.empty()) return std::nullopt;
           if (request.query.front().first == "throw") throw std::runtime_error("secret");
           return HttpResponse::Text(200, "at once");
         }},
        {.path = "/until-left",
         .methods = {"GET"},
         .waits = Waits::kLong,
         .handle =
             [this](const HttpRequest& request) {
               const std::stop_callback left(request.abandoned, [this] { gate.Open(); });
               gate.Pass();
               return HttpResponse::Text(200, "left");
             }},
        {"/throws",
         {"GET"},
         Waits::kNever,
         [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret"); }},
    };
  }

  std::string Start(HttpServer::Settings settings = {.listen = {"127.0.0.1:0"}}) {
    auto started = HttpServer::Start(std::move(settings), Routes(), log);
    BOOST_REQUIRE_MESSAGE(started, (started ? "" : started.error().message));
    server = std::move(*started);
    return server->addresses().front();
  }

  ~Fixture() { gate.Open(); }
};

/// Waits for `condition`; there is nothing that announces it.
bool Await(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kGenerous;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

struct ExchangeCase {
  std::string_view name;
  std::string request;
  int status;
  std::string_view contains;
};

const ExchangeCase kExchanges[] = {
    {"get", std::string(kGetHello), 200, "\r\n\r\nhello\n"},
    {"empty answer", "GET /empty HTTP/1.1\r\nHost: t\r\n\r\n", 200, "Content-Length: 0\r\n"},
    {"sniffing is off", std::string(kGetHello), 200, "X-Content-Type-Options: nosniff\r\n"},
    {"HTTP/1.0", "GET /hello HTTP/1.0\r\n\r\n", 200, "hello\n"},
    {"absolute form", "GET http://t/hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello\n"},
    {"no such path", "GET /nope HTTP/1.1\r\nHost: t\r\n\r\n", 404, ""},
    {"only whole paths", "GET /hello/more HTTP/1.1\r\nHost: t\r\n\r\n", 404, ""},
    {"an escaped NUL ends nothing", "GET /hello%00/more HTTP/1.1\r\nHost: t\r\n\r\n", 400, ""},
    {"bad escape", "GET /hello%zz HTTP/1.1\r\nHost: t\r\n\r\n", 400, ""},
    {"method", "POST /hello HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n", 405,
     "Allow: GET, HEAD\r\n"},
    {"method with a body", "PUT /hello HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc", 405,
     "Allow: GET, HEAD\r\n"},
    {"unknown method", "BREW /hello HTTP/1.1\r\nHost: t\r\n\r\n", 405, "Allow: GET, HEAD\r\n"},
    {"query", "GET /echo?collect%5B%5D=a+b&x&y=%26 HTTP/1.1\r\nHost: t\r\n\r\n", 200,
     "GET /echo collect[]=a b x= y=& "},
    {"body", "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc", 200,
     "POST /echo abc"},
    {"chunked body",
     "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: "
     "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
     200, "POST /echo abc"},
    {"announced body too large", "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\n\r\n",
     413, "Connection: close\r\n"},
    {"chunked body too large",
     "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
         std::string(101, 'x') + "\r\n0\r\n\r\n",
     413, ""},
    {"headers too large",
     "GET /hello HTTP/1.1\r\nHost: t\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n", 431, ""},
    {"address too long", "GET /" + std::string(40'000, 'x') + " HTTP/1.1\r\nHost: t\r\n\r\n", 414,
     ""},
    {"a handler that throws", "GET /throws HTTP/1.1\r\nHost: t\r\n\r\n", 500, "internal error\n"},
    {"a route's own words, bad escape", "POST /api/x/values?%zz HTTP/1.1\r\nHost: t\r\n\r\n", 400,
     "{bad percent escape}"},
    {"a route's own words, method", "GET /api/x/values HTTP/1.1\r\nHost: t\r\n\r\n", 405,
     "{method not allowed}"},
    {"a route's own words, announced body too large",
     "POST /api/x/values HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\n\r\n", 413,
     "{request body too large}"},
    {"a route's own words, chunked body too large",
     "POST /api/x/values?a HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
         std::string(101, 'x') + "\r\n0\r\n\r\n",
     413, "{request body too large}"},
    {"a route's own words, a handler that throws",
     "POST /api/x/values HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n", 500,
     "{internal error}"},
    {"no host", "GET /hello HTTP/1.1\r\n\r\n", 400, ""},
};

const std::string kGarbage[] = {
    std::string(4, '\0'),
    "\r\n\r\n\r\n",
    "GET\r\n\r\n",
    "GET /hello HTTP/9.9\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS hello",
    "GET /hello HTTP/1.1\r\nHost: t\r\nContent-Length: -5\r\n\r\n",
    "GET /hello HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    "GET /hello HTTP/1.1\r\n: no name\r\n\r\n",
    "GET /hello HTTP/1.1\r\nHost: t\r\n folded\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(http_server_test, Fixture)

BOOST_AUTO_TEST_CASE(AnswersEachRequest) {
  const std::string address = Start({.listen = {"127.0.0.1:0"}, .max_body_bytes = 100});
  for (const ExchangeCase& row : kExchanges) {
    BOOST_TEST_CONTEXT(row.name) {
      const std::string answer = RawClient(address).Exchange(row.request);
      BOOST_TEST(StatusOf(answer) == row.status);
      BOOST_TEST(answer.find(row.contains) != std::string::npos);
      BOOST_TEST(answer.find("secret") == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(SurvivesGarbage) {
  // Some of it looks like the beginning of a request, whose rest is then waited for.
  const std::string address = Start({.listen = {"127.0.0.1:0"}, .idle_timeout = Duration(300)});
  for (const std::string& garbage : kGarbage) {
    BOOST_TEST_CONTEXT(garbage) {
      RawClient client(address);
      client.Send(garbage);
      client.FinishSending();
      BOOST_TEST(client.AwaitEnd());
      BOOST_TEST(StatusOf(RawClient(address).Exchange(kGetHello)) == 200);
    }
  }
}

BOOST_AUTO_TEST_CASE(HeadHasTheHeadersOfGetAndNoBody) {
  RawClient client(Start());
  client.Send("HEAD /hello HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string head = client.Receive(/*has_body=*/false);
  BOOST_TEST(StatusOf(head) == 200);
  BOOST_TEST(head.find("Content-Length: 6\r\n") != std::string::npos);
  client.Send("HEAD /pieces HTTP/1.1\r\nHost: t\r\n\r\n");
  BOOST_TEST(client.Receive(/*has_body=*/false).find("Content-Length: 3000002\r\n") !=
             std::string::npos);
  BOOST_TEST(client.Exchange(kGetHello).ends_with("\r\n\r\nhello\n"));
}

BOOST_AUTO_TEST_CASE(KeepsTheConnectionAndTakesPipelinedRequests) {
  RawClient client(Start());
  for (int i = 0; i < 3; ++i) BOOST_TEST(StatusOf(client.Exchange(kGetHello)) == 200);
  client.Send(std::string(kGetHello) + "GET /nope HTTP/1.1\r\nHost: t\r\n\r\n" +
              std::string(kGetHello));
  BOOST_TEST(StatusOf(client.Receive()) == 200);
  BOOST_TEST(StatusOf(client.Receive()) == 404);
  BOOST_TEST(StatusOf(client.Receive()) == 200);
}

BOOST_AUTO_TEST_CASE(SendsABodyOfSeveralPiecesWhole) {
  RawClient client(Start());
  for (int i = 0; i < 2; ++i) {
    const std::string answer = client.Exchange("GET /pieces HTTP/1.1\r\nHost: t\r\n\r\n");
    BOOST_TEST((BodyOf(answer) == "a" + large + "b"));
  }
}

BOOST_AUTO_TEST_CASE(ListensOnIpv4AndIpv6) {
  const std::vector<std::string> listens[] = {
      {"127.0.0.1:0"}, {"[::1]:0"}, {"localhost:0"}, {"[::]:0"}, {":0"}};
  for (const std::vector<std::string>& listen : listens) {
    BOOST_TEST_CONTEXT(listen.front()) {
      Start({.listen = listen});
      for (const std::string& address : server->addresses()) {
        const std::string port = address.substr(address.rfind(':'));
        const bool everywhere = address.starts_with("[::]");
        std::vector<std::string> reached_by = {address};
        if (everywhere) reached_by = {"127.0.0.1" + port, "[::1]" + port};
        for (const std::string& to : reached_by) {
          BOOST_TEST_CONTEXT(to) {
            BOOST_TEST(StatusOf(RawClient(to).Exchange(kGetHello)) == 200);
          }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(RefusesWhatIsNoAddress) {
  for (const char* const address :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "::1:80", "[]:80", "1:2:3"}) {
    BOOST_TEST_CONTEXT(address) {
      const auto started = HttpServer::Start({.listen = {address}}, Routes(), log);
      BOOST_REQUIRE(!started);
      BOOST_TEST((started.error().code == ErrorCode::kInvalidInput));
    }
  }
}

BOOST_AUTO_TEST_CASE(SaysWhichAddressIsTaken) {
  const std::string address = Start();
  const auto second = HttpServer::Start({.listen = {address}}, Routes(), log);
  BOOST_REQUIRE(!second);
  BOOST_TEST(second.error().message == "listening on " + address + ": Address already in use");
}

BOOST_AUTO_TEST_CASE(IdleAndSlowClientsDoNotStarveAScrape) {
  const std::string address = Start();
  std::vector<RawClient> idle;
  for (int i = 0; i < 200; ++i) idle.emplace_back(address);
  for (int i = 0; i < 20; ++i) idle.emplace_back(address).Send("GET /hello HT");
  BOOST_TEST(StatusOf(RawClient(address).Exchange(kGetHello)) == 200);
}

BOOST_AUTO_TEST_CASE(TheLongestWaitingMakesRoom) {
  const std::string address = Start({.listen = {"127.0.0.1:0"}, .max_connections = 10});
  std::vector<RawClient> idle;
  for (int i = 0; i < 30; ++i) {
    idle.emplace_back(address).Send("GET /hel");
    BOOST_TEST(StatusOf(RawClient(address).Exchange(kGetHello)) == 200);
  }
  BOOST_TEST(idle.front().AwaitEnd());
  BOOST_TEST(idle.back().Exchange("lo HTTP/1.1\r\nHost: t\r\n\r\n").ends_with("hello\n"));
  BOOST_TEST(Await([&] { return server->connection_count() <= 11; }));
}

BOOST_AUTO_TEST_CASE(ClosesClientsThatDoNotGetOn) {
  const std::string address = Start({.listen = {"127.0.0.1:0"}, .idle_timeout = Duration(100)});
  RawClient silent(address);
  RawClient slow(address);
  slow.Send("GET /hello HTTP/1.1\r\n");
  RawClient with_half_a_body(address);
  with_half_a_body.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nab");
  RawClient answered_once(address);
  answered_once.Exchange(kGetHello);
  RawClient deaf(address);
  deaf.Send("GET /pieces HTTP/1.1\r\nHost: t\r\n\r\n");
  BOOST_TEST(silent.AwaitEnd());
  BOOST_TEST(slow.AwaitEnd());
  BOOST_TEST(with_half_a_body.AwaitEnd());
  BOOST_TEST(answered_once.AwaitEnd());
  BOOST_TEST(Await([&] { return server->connection_count() == 0; }));
}

BOOST_AUTO_TEST_CASE(ABytePerMomentGainsNothing) {
  const std::string address = Start({.listen = {"127.0.0.1:0"}, .idle_timeout = Duration(200)});
  RawClient slow(address);
  slow.Send("GET /hello HTTP/1.1\r\nX: ");
  // Until the server has closed: a send to a closed connection fails at the second try at the
  // latest.
  BOOST_TEST(Await([&] { return !slow.Send("x"); }));
}

BOOST_AUTO_TEST_CASE(HandlersThatWaitDelayNobody) {
  const std::string address = Start();
  std::vector<RawClient> waiting;
  for (int i = 0; i < 5; ++i)
    waiting.emplace_back(address).Send("GET /gate HTTP/1.1\r\nHost: t\r\n\r\n");
  gate.AwaitWaiting(2);
  for (int i = 0; i < 5; ++i) BOOST_TEST(StatusOf(RawClient(address).Exchange(kGetHello)) == 200);
  gate.Open();
  for (RawClient& client : waiting) BOOST_TEST(BodyOf(client.Receive()) == "passed\n");
}

BOOST_AUTO_TEST_CASE(WhatCanBeAnsweredAtOnceWaitsForNoThread) {
  const std::string address = Start();
  std::vector<RawClient> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.emplace_back(address).Send("GET /gate HTTP/1.1\r\nHost: t\r\n\r\n");
  }
  gate.AwaitWaiting(2);
  RawClient quick(address);
  BOOST_TEST(BodyOf(quick.Exchange("GET /at-once?x HTTP/1.1\r\nHost: t\r\n\r\n")) == "at once");
  BOOST_TEST(StatusOf(quick.Exchange("GET /at-once?throw HTTP/1.1\r\nHost: t\r\n\r\n")) == 500);
  gate.Open();
  for (RawClient& client : waiting) BOOST_TEST(StatusOf(client.Receive()) == 200);
}

BOOST_AUTO_TEST_CASE(HandlersAreToldHowLongTheyHaveWaited) {
  const std::string address = Start();
  std::vector<RawClient> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.emplace_back(address).Send("GET /gate HTTP/1.1\r\nHost: t\r\n\r\n");
  }
  gate.AwaitWaiting(2);
  RawClient late(address);
  late.Send("GET /at-once HTTP/1.1\r\nHost: t\r\n\r\n");
  BOOST_TEST(Await([&] { return asked_at_once == 1; }));
  const auto enough = std::chrono::steady_clock::now() + Duration(10);
  BOOST_TEST(Await([&] { return std::chrono::steady_clock::now() > enough; }));
  gate.Open();
  BOOST_TEST(BodyOf(late.Receive()) == "waited");
}

BOOST_AUTO_TEST_CASE(AClientThatLeavesIsNoticed) {
  const std::string address = Start({.listen = {"127.0.0.1:0"}, .idle_timeout = Duration(1000)});
  {
    RawClient leaving(address);
    leaving.Send("GET /until-left HTTP/1.1\r\nHost: t\r\n\r\n");
    gate.AwaitWaiting(1);
    BOOST_TEST(server->connection_count() == 1U);
  }
  // The handler opens the gate when it hears of it; then the connection goes.
  BOOST_TEST(Await([&] { return server->connection_count() == 0; }));
}

BOOST_AUTO_TEST_CASE(TooManyWaitingHandlersAreRefused) {
  constexpr int kTaken = 2 + 64;  // Two are handled, the others are queued.
  constexpr int kTooMany = 3;
  const std::string address = Start();
  std::vector<RawClient> clients;
  for (int i = 0; i < kTaken + kTooMany; ++i) {
    clients.emplace_back(address).Send("GET /api/gate HTTP/1.1\r\nHost: t\r\n\r\n");
    if (i < 2) gate.AwaitWaiting(i + 1);
  }
  // Whose requests are refused is the server's affair, since it reads them in any order. How many
  // are is not: none of those taken gets on before the gate opens.
  const auto answered = [&] {
    return std::count_if(clients.begin(), clients.end(),
                         [](const RawClient& client) { return client.HasNews(); });
  };
  BOOST_TEST(Await([&] { return answered() >= kTooMany; }));
  gate.Open();
  std::map<int, int> answers;
  for (RawClient& client : clients) {
    const std::string answer = client.Receive();
    ++answers[StatusOf(answer)];
    BOOST_TEST((StatusOf(answer) == 503) == (BodyOf(answer) == "{full}"));
  }
  BOOST_TEST(answers[200] == kTaken);
  BOOST_TEST(answers[503] == kTooMany);
}

BOOST_AUTO_TEST_CASE(StopFinishesWhatIsInProgress) {
  const std::string address = Start();
  RawClient idle(address);
  idle.Exchange(kGetHello);
  RawClient busy(address);
  busy.Send("GET /gate HTTP/1.1\r\nHost: t\r\n\r\n");
  gate.AwaitWaiting(1);
  std::jthread stopping([&] { server->Stop(kGenerous); });
  BOOST_TEST(idle.AwaitEnd());
  BOOST_TEST(Await([&] { return !RawClient(address).connected(); }));
  gate.Open();
  const std::string answer = busy.Receive();
  BOOST_TEST(BodyOf(answer) == "passed\n");
  BOOST_TEST(answer.find("Connection: close\r\n") != std::string::npos);
  stopping.join();
  BOOST_TEST(server->connection_count() == 0U);
  server->Stop(Duration(0));
}

BOOST_AUTO_TEST_CASE(StopWaitsForNobodyAfterItsGrace) {
  const std::string address = Start();
  RawClient slow(address);
  slow.Send("GET /hel");
  RawClient deaf(address);
  deaf.Send("GET /pieces HTTP/1.1\r\nHost: t\r\n\r\n");
  BOOST_TEST(Await([&] { return server->connection_count() == 2; }));
  server->Stop(Duration(50));
  BOOST_TEST(slow.AwaitEnd());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
