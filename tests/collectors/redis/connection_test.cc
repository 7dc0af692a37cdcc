#include "collectors/redis/connection.h"

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "collectors/redis/reply_reader.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/await.h"
#include "tests/support/redis_server.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors {
namespace {

using Reply = RedisServer::Reply;
using Command = RedisServer::Command;

const std::vector<RedisCommand> kPing = {{"PING"}};
const std::string kHardPassword = "p@ss \"w\r\n$3\xC3\xA9";

RedisOptions OptionsFor(const RedisServer& server) {
  RedisOptions options;
  options.port = server.port();
  return options;
}

SecretSource Password(const std::string& text) {
  return SecretSource::Inline(Secret(text));
}

/// Answers PING as told, and the log-in as a server that needs none does.
RedisServer::Handler Pong(std::function<Reply()> pong) {
  return [pong = std::move(pong)](const Command& command) {
    return command[0] == "PING" ? pong() : RedisServer::Ok();
  };
}

Reply GoodPong() {
  return {"+PONG\r\n"};
}

std::string Why(const Result<std::vector<RedisReply>>& replies) {
  return replies ? "" : replies.error().message;
}

void CheckAnswers(RedisConnection& connection) {
  const auto replies = connection.Pipeline(kPing, LongAttempt());
  BOOST_TEST_REQUIRE(static_cast<bool>(replies), Why(replies));
  BOOST_TEST_REQUIRE(replies->size() == 1U);
  BOOST_TEST((*replies)[0].text == "PONG");
}

Error ErrorOf(RedisConnection& connection, const Attempt& attempt = LongAttempt()) {
  const auto replies = connection.Pipeline(kPing, attempt);
  BOOST_TEST_REQUIRE(!replies);
  return replies.error();
}

/// PING fails with kTimeout, within a second of `time`.
void CheckTimesOut(RedisConnection& connection, Duration time) {
  const auto start = std::chrono::steady_clock::now();
  const Error error = ErrorOf(connection, AttemptFor(time));
  const auto took = std::chrono::steady_clock::now() - start;
  BOOST_TEST_INFO(error.message);
  BOOST_TEST((error.code == ErrorCode::kTimeout));
  BOOST_TEST((took + Duration(1) >= time));  // Deadlines have whole milliseconds.
  BOOST_TEST((took < time + std::chrono::seconds(1)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_connection_test)

BOOST_AUTO_TEST_CASE(APipelineIsOneWriteAndItsAnswersComeInOrder) {
  RedisServer server([](const Command& command) {
    return command[0] == "ECHO" ? RedisServer::Text(command[1]) : RedisServer::Ok();
  });
  const auto connection = MakeRedisConnection(OptionsFor(server));
  const std::vector<RedisCommand> pipeline = {{"ECHO", "a"}, {"ECHO", kHardPassword}, {"PING"}};
  for (int i = 0; i < 3; ++i) {
    const auto replies = connection->Pipeline(pipeline, LongAttempt());
    BOOST_TEST_REQUIRE(static_cast<bool>(replies), Why(replies));
    BOOST_TEST_REQUIRE(replies->size() == 3U);
    BOOST_TEST((*replies)[0].text == "a");
    BOOST_TEST((*replies)[1].text == kHardPassword);
    BOOST_TEST((*replies)[2].text == "OK");
  }
  BOOST_TEST(server.connections() == 1);
  BOOST_TEST(connection->generation() == 1U);
  const auto batches = server.batches();
  BOOST_TEST_REQUIRE(batches.size() == 4U);  // The log-in, and one for each pipeline.
  BOOST_TEST((batches[0] == std::vector<Command>{{"CLIENT", "SETNAME", "tocsin"}}));
  BOOST_TEST((batches[1] == pipeline));
}

BOOST_AUTO_TEST_CASE(TheLogInIsWhatTheOptionsSay) {
  struct Row {
    std::string username;
    std::string password;
    int database;
    std::vector<Command> log_in;
  };
  const Command name = {"CLIENT", "SETNAME", "tocsin"};
  const std::vector<Row> table = {
      {"", "", 0, {name}},
      {"", kHardPassword, 0, {{"AUTH", kHardPassword}, name}},
      {"watcher", kHardPassword, 0, {{"AUTH", "watcher", kHardPassword}, name}},
      {"watcher", "", 0, {{"AUTH", "watcher", ""}, name}},
      {"", "", 3, {{"SELECT", "3"}, name}},
      {"w", "p", 12, {{"AUTH", "w", "p"}, {"SELECT", "12"}, name}},
  };
  for (const Row& row : table) {
    RedisServer server(Pong(GoodPong));
    RedisOptions options = OptionsFor(server);
    options.username = row.username;
    options.password = Password(row.password);
    options.database = row.database;
    CheckAnswers(*MakeRedisConnection(options));
    BOOST_TEST((server.batches()[0] == row.log_in));
  }
}

BOOST_AUTO_TEST_CASE(RefusedLogInsHaveTheirReasonAndShowNoSecret) {
  struct Row {
    std::string to;
    std::string answer;
    ErrorCode code;
    std::string message;
  };
  const std::vector<Row> table = {
      {"AUTH", "WRONGPASS invalid username-password pair or user is disabled.", ErrorCode::kDenied,
       "the server says WRONGPASS invalid username-password pair or user is disabled."},
      {"AUTH", "ERR invalid password", ErrorCode::kDenied, "the server refuses the log-in"},
      {"AUTH", "ERR unknown command `AUTH`, with args beginning with: `w`, `hunter2`, ",
       ErrorCode::kDenied, "the server refuses the log-in"},
      {"AUTH", "LOADING Redis is loading the dataset in memory", ErrorCode::kUnavailable,
       "the server says LOADING Redis is loading the dataset in memory"},
      {"AUTH", "ERR max number of clients reached", ErrorCode::kUnavailable,
       "the server says ERR max number of clients reached"},
      {"SELECT", "ERR DB index is out of range", ErrorCode::kInvalidInput,
       "selecting the database: ERR DB index is out of range"},
      {"SELECT", "NOPERM this user has no permissions", ErrorCode::kDenied,
       "selecting the database: NOPERM this user has no permissions"},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.answer) {
      RedisServer server([&](const Command& command) {
        return command[0] == row.to ? RedisServer::Error(row.answer) : RedisServer::Ok();
      });
      RedisOptions options = OptionsFor(server);
      options.username = "w";
      options.password = Password("hunter2");
      options.database = 1;
      const auto connection = MakeRedisConnection(options);
      const Error error = ErrorOf(*connection);
      BOOST_TEST((error.code == row.code));
      BOOST_TEST(error.message == row.message);
      BOOST_TEST(connection->generation() == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(SomeAnswersFailThePipelineAndOthersOnlyTheirCommand) {
  struct Row {
    std::string answer;
    std::optional<ErrorCode> code;
  };
  const std::vector<Row> table = {
      {"LOADING Redis is loading the dataset in memory", ErrorCode::kUnavailable},
      {"MASTERDOWN Link with MASTER is down", ErrorCode::kUnavailable},
      {"MOVED 3999 127.0.0.1:6381", ErrorCode::kUnavailable},
      {"ASK 3999 127.0.0.1:6381", ErrorCode::kUnavailable},
      {"CLUSTERDOWN The cluster is down", ErrorCode::kUnavailable},
      {"BUSY Redis is busy running a script", ErrorCode::kUnavailable},
      {"NOAUTH Authentication required.", ErrorCode::kDenied},
      {"WRONGTYPE Operation against a key", std::nullopt},
      {"NOPERM this user has no permissions", std::nullopt},
      {"ERR unknown command `PING`", std::nullopt},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.answer) {
      RedisServer server(Pong([&] { return RedisServer::Error(row.answer); }));
      const auto connection = MakeRedisConnection(OptionsFor(server));
      const auto replies = connection->Pipeline(kPing, LongAttempt());
      BOOST_TEST(static_cast<bool>(replies) == !row.code.has_value());
      if (replies) {
        BOOST_TEST((*replies)[0].is_error());
        BOOST_TEST((*replies)[0].text == row.answer);
      } else {
        BOOST_TEST((replies.error().code == *row.code));
        BOOST_TEST(replies.error().message.find(row.answer) != std::string::npos);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsNoRedisIsTold) {
  using Then = Reply::Then;
  struct Row {
    std::string what;
    Reply pong;
    ErrorCode code;
  };
  const std::vector<Row> table = {
      {"HTTP", {"HTTP/1.1 400 Bad Request\r\n\r\n", Then::kClose}, ErrorCode::kCorrupt},
      {"nothing", {"", Then::kClose}, ErrorCode::kUnavailable},
      {"half an answer", {"$10\r\nhalf", Then::kClose}, ErrorCode::kUnavailable},
      {"more than asked", {"+PONG\r\n+PONG\r\n"}, ErrorCode::kCorrupt},
      {"too deep",
       {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"},
       ErrorCode::kTooLarge},
      {"too long a list", {"*100000000\r\n"}, ErrorCode::kTooLarge},
      {"too many clients",
       {"-ERR max number of clients reached\r\n", Then::kClose},
       ErrorCode::kUnavailable},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.what) {
      std::atomic<bool> is_good = false;
      RedisServer server(Pong([&] { return is_good ? GoodPong() : row.pong; }));
      const auto connection = MakeRedisConnection(OptionsFor(server));
      const Error error = ErrorOf(*connection);
      BOOST_TEST_INFO(error.message);
      BOOST_TEST((error.code == row.code));
      is_good = true;
      CheckAnswers(*connection);
    }
  }
}

BOOST_AUTO_TEST_CASE(MoreBytesThanAllowedEndTheConnection) {
  RedisServer server(
      Pong([] { return Reply{"$99999999\r\n" + std::string(RedisReplyReader::kMostBytes, 'x')}; }));
  const auto connection = MakeRedisConnection(OptionsFor(server));
  BOOST_TEST((ErrorOf(*connection).code == ErrorCode::kTooLarge));
  BOOST_TEST(AwaitThat([&] { return server.open_connections() == 0; }));
}

BOOST_AUTO_TEST_CASE(ADrippingAnswerIsPutTogether) {
  RedisServer server(Pong([] { return Reply{"+PONG\r\n", Reply::Then::kKeepOpen, true}; }));
  const auto connection = MakeRedisConnection(OptionsFor(server));
  CheckAnswers(*connection);
  CheckAnswers(*connection);
}

BOOST_AUTO_TEST_CASE(ASilentServerKeepsItsOneConnection) {
  std::atomic<int> pings = 0;
  std::atomic<bool> is_silent = true;
  RedisServer server(Pong([&] {
    ++pings;
    while (is_silent) std::this_thread::yield();
    return GoodPong();
  }));
  const auto connection = MakeRedisConnection(OptionsFor(server));
  for (int i = 0; i < 3; ++i) CheckTimesOut(*connection, std::chrono::milliseconds(60));
  BOOST_TEST(pings == 1);  // What it owes is waited for before anything else is asked.
  is_silent = false;
  CheckAnswers(*connection);
  BOOST_TEST(pings == 2);
  BOOST_TEST(server.connections() == 1);
  BOOST_TEST(connection->generation() == 1U);
}

BOOST_AUTO_TEST_CASE(ASilentLogInKeepsItsOneConnection) {
  std::atomic<bool> is_silent = true;
  RedisServer server([&](const Command& command) {
    while (is_silent) std::this_thread::yield();
    return command[0] == "PING" ? GoodPong() : RedisServer::Ok();
  });
  const auto connection = MakeRedisConnection(OptionsFor(server));
  for (int i = 0; i < 2; ++i) CheckTimesOut(*connection, std::chrono::milliseconds(60));
  is_silent = false;
  CheckAnswers(*connection);
  BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(AStopEndsTheWait) {
  RedisServer server(Pong([] { return Reply{"", Reply::Then::kHang}; }));
  const auto connection = MakeRedisConnection(OptionsFor(server));
  std::stop_source stop;
  const std::jthread stopper([&] {
    AwaitThat([&] { return server.batches().size() == 2; });
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const Error error = ErrorOf(*connection, AttemptFor(std::chrono::minutes(5), stop.get_token()));
  BOOST_TEST((error.code == ErrorCode::kTimeout));
  BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::minutes(1)));
}

BOOST_AUTO_TEST_CASE(AConnectionThatDiedIsReplaced) {
  RedisServer server(Pong(GoodPong));
  const auto connection = MakeRedisConnection(OptionsFor(server));
  for (std::uint64_t generation = 1; generation <= 3; ++generation) {
    CheckAnswers(*connection);
    BOOST_TEST(connection->generation() == generation);
    server.Disconnect();
    BOOST_TEST(AwaitThat([&] { return server.open_connections() == 0; }));
  }
}

BOOST_AUTO_TEST_CASE(StrayBytesAreNotTakenForAnAnswer) {
  std::atomic<int> pings = 0;
  RedisServer server(Pong([&] { return ++pings == 1 ? Reply{"+PONG\r\n:1\r\n"} : GoodPong(); }));
  const auto connection = MakeRedisConnection(OptionsFor(server));
  // They may come together with the answer or after it: either way the next answer is a true one.
  static_cast<void>(connection->Pipeline(kPing, LongAttempt()));
  CheckAnswers(*connection);
}

BOOST_AUTO_TEST_CASE(ThePasswordIsReadAgainAtEachConnect) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "password";
  const auto write = [&](const std::string& text) { std::ofstream(file) << text << '\n'; };
  RedisServer server([](const Command& command) {
    if (command[0] == "AUTH" && command[1] != "new") return RedisServer::Error("WRONGPASS no");
    return command[0] == "PING" ? GoodPong() : RedisServer::Ok();
  });
  RedisOptions options = OptionsFor(server);
  options.password = SecretSource::File(file);
  const auto connection = MakeRedisConnection(options);
  BOOST_TEST((ErrorOf(*connection).code == ErrorCode::kDenied));  // There is no such file.
  write("old");
  BOOST_TEST((ErrorOf(*connection).code == ErrorCode::kDenied));
  write("new");
  CheckAnswers(*connection);
}

BOOST_AUTO_TEST_CASE(ALostRightToAskLeadsToANewLogIn) {
  std::atomic<int> log_ins = 0;
  RedisServer server([&](const Command& command) {
    if (command[0] == "AUTH") ++log_ins;
    if (command[0] != "PING") return RedisServer::Ok();
    return log_ins == 1 ? RedisServer::Error("NOAUTH Authentication required.") : GoodPong();
  });
  RedisOptions options = OptionsFor(server);
  options.password = Password("p");
  const auto connection = MakeRedisConnection(options);
  BOOST_TEST((ErrorOf(*connection).code == ErrorCode::kDenied));
  CheckAnswers(*connection);
  BOOST_TEST(log_ins == 2);
}

BOOST_AUTO_TEST_CASE(WhereNobodyListensTheReasonIsToldAtOnce) {
  std::uint16_t port = 0;
  {
    const RedisServer server(Pong(GoodPong));
    port = server.port();
  }
  RedisOptions options;
  options.port = port;
  const Error refused = ErrorOf(*MakeRedisConnection(options));
  BOOST_TEST((refused.code == ErrorCode::kUnavailable));
  BOOST_TEST(refused.message ==
             "connecting to 127.0.0.1 port " + std::to_string(port) + ": Connection refused");
  options.host = "/nowhere/redis.sock";
  const Error missing = ErrorOf(*MakeRedisConnection(options));
  BOOST_TEST((missing.code == ErrorCode::kUnavailable));
  BOOST_TEST(missing.message == "connecting to /nowhere/redis.sock: No such file or directory");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
