#include "collectors/redis/reply_reader.h"

#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/quote.h"

namespace tocsin::collectors {
namespace {

std::string Printed(const RedisReply& reply) {
  switch (reply.kind) {
    case RedisReply::Kind::kNil: return "nil";
    case RedisReply::Kind::kInteger: return std::to_string(reply.integer);
    case RedisReply::Kind::kText: return Quoted(reply.text);
    case RedisReply::Kind::kStatus: return "+" + reply.text;
    case RedisReply::Kind::kError: return "-" + reply.text;
    case RedisReply::Kind::kArray: break;
  }
  std::string list = "[";
  for (const RedisReply& item : reply.items) {
    if (list.size() > 1) list += " ";
    list += Printed(item);
  }
  return list + "]";
}

/// All replies in `bytes`, fed in pieces of `piece`; the error's message if there is one.
std::string ReadIn(const std::string& bytes, std::size_t piece) {
  RedisReplyReader reader;
  std::string all;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    if (Status fed = reader.Feed(std::string_view(bytes).substr(at, piece)); !fed) {
      return fed.error().message;
    }
    while (true) {
      const Result<std::optional<RedisReply>> reply = reader.Next();
      if (!reply) return reply.error().message;
      if (!*reply) break;
      all += Printed(**reply) + ";";
    }
  }
  return all;
}

std::string Repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

ErrorCode CodeOf(const std::string& bytes) {
  RedisReplyReader reader;
  BOOST_TEST_REQUIRE(static_cast<bool>(reader.Feed(bytes)));
  const Result<std::optional<RedisReply>> reply = reader.Next();
  BOOST_TEST_REQUIRE(!reply);
  return reply.error().code;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reply_reader_test)

BOOST_AUTO_TEST_CASE(RepliesAreReadHoweverTheyAreCutUp) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"+OK\r\n", "+OK;"},
      {"-WRONGTYPE Operation\r\n", "-WRONGTYPE Operation;"},
      {":-7\r\n", "-7;"},
      {":9223372036854775807\r\n", "9223372036854775807;"},
      {"$3\r\na\r\n\r\n", "\"a\\r\\n\";"},
      {"$0\r\n\r\n", "\"\";"},
      {"$-1\r\n", "nil;"},
      {"*-1\r\n", "nil;"},
      {"*0\r\n", "[];"},
      {"*2\r\n$1\r\na\r\n:2\r\n", "[\"a\" 2];"},
      {"*2\r\n*2\r\n+a\r\n$-1\r\n*1\r\n:1\r\n", "[[+a nil] [1]];"},
      {"+a\r\n:1\r\n$1\r\nb\r\n", "+a;1;\"b\";"},
      {"$5\r\nhalf", ""},
      {"*3\r\n:1\r\n", ""},
  };
  for (const auto& [bytes, expected] : table) {
    BOOST_TEST_CONTEXT(Quoted(bytes)) {
      for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        BOOST_TEST(ReadIn(bytes, piece) == expected);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsNoRedisIsCorrupt) {
  for (const std::string bytes :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "<html>", "\x15\x03\x01", "%1\r\n+a\r\n+b\r\n",
        ":12x\r\n", "$12x\r\n", "*x\r\n", "$-2\r\n", "*-2\r\n", "*99999999999\r\n"}) {
    BOOST_TEST_CONTEXT(Quoted(bytes)) {
      BOOST_TEST((CodeOf(bytes) == ErrorCode::kCorrupt));
    }
  }
}

BOOST_AUTO_TEST_CASE(ListsAreBounded) {
  const int deepest = RedisReplyReader::kMostDepth;
  BOOST_TEST(ReadIn(Repeated("*1\r\n", deepest) + ":1\r\n", 7) ==
             Repeated("[", deepest) + "1" + Repeated("]", deepest) + ";");
  BOOST_TEST((CodeOf(Repeated("*1\r\n", deepest + 1) + ":1\r\n") == ErrorCode::kTooLarge));
  BOOST_TEST((CodeOf("*200001\r\n") == ErrorCode::kTooLarge));
  BOOST_TEST((CodeOf("*2147483647\r\n") == ErrorCode::kTooLarge));
  BOOST_TEST((CodeOf("*2\r\n*1000\r\n" + Repeated(":1\r\n", 1000) + "*199999\r\n") ==
              ErrorCode::kTooLarge));
}

BOOST_AUTO_TEST_CASE(BytesAreBoundedBetweenTwoPipelines) {
  RedisReplyReader reader;
  const std::string text(std::size_t{16} << 20, 'x');
  BOOST_TEST(static_cast<bool>(reader.Feed("$" + std::to_string(text.size() * 5) + "\r\n")));
  for (int i = 0; i < 3; ++i) BOOST_TEST(static_cast<bool>(reader.Feed(text)));
  const Status fed = reader.Feed(text);
  BOOST_TEST_REQUIRE(!fed);
  BOOST_TEST((fed.error().code == ErrorCode::kTooLarge));
  reader.StartOver();
  BOOST_TEST(static_cast<bool>(reader.Feed(text)));
}

BOOST_AUTO_TEST_CASE(BytesAfterTheLastReplyAreSeen) {
  RedisReplyReader reader;
  BOOST_TEST(static_cast<bool>(reader.Feed("+a\r\n+")));
  BOOST_TEST(static_cast<bool>(reader.Next()));
  BOOST_TEST(reader.HasMore());
  BOOST_TEST(static_cast<bool>(reader.Feed("b\r\n")));
  BOOST_TEST(static_cast<bool>(reader.Next()));
  BOOST_TEST(!reader.HasMore());
}

BOOST_AUTO_TEST_CASE(AReplyKnowsItsCodeAndItsNumber) {
  const RedisReply error{RedisReply::Kind::kError, 0, "WRONGTYPE Operation against a key"};
  BOOST_TEST(error.HasCode("WRONGTYPE"));
  BOOST_TEST(!error.HasCode("WRONG"));
  BOOST_TEST(!error.Number());
  const RedisReply text{RedisReply::Kind::kText, 0, "WRONGTYPE 1"};
  BOOST_TEST(!text.HasCode("WRONGTYPE"));
  const std::vector<std::pair<std::string, std::optional<double>>> table = {
      {"12", 12},         {"-1.5", -1.5},       {"1e3", 1000},
      {"", std::nullopt}, {" 1", std::nullopt}, {"1x", std::nullopt}};
  for (const auto& [words, number] : table) {
    BOOST_TEST_CONTEXT(Quoted(words)) {
      BOOST_TEST((RedisReply{RedisReply::Kind::kText, 0, words}.Number() == number));
    }
  }
  BOOST_TEST((RedisReply{RedisReply::Kind::kInteger, 7}.Number() == 7));
  BOOST_TEST((RedisReply{RedisReply::Kind::kText, 0, "8"}.Integer() == 8));
  BOOST_TEST(!(RedisReply{RedisReply::Kind::kText, 0, "8.5"}.Integer()));
  BOOST_TEST(!RedisReply{}.Integer());
}

BOOST_AUTO_TEST_CASE(ErrorsOfSingleCommandsHaveTheirCode) {
  using Kind = RedisReply::Kind;
  struct Row {
    RedisReply reply;
    ErrorCode code;
  };
  const std::vector<Row> table = {
      {{Kind::kError, 0, "WRONGTYPE Operation against a key"}, ErrorCode::kNotFound},
      {{Kind::kError, 0, "ERR unknown command `XINFO`"}, ErrorCode::kNotFound},
      {{Kind::kError, 0, "NOPERM this user has no permissions"}, ErrorCode::kDenied},
      {{Kind::kError, 0, "ERR syntax error"}, ErrorCode::kInvalidInput},
      {{Kind::kNil}, ErrorCode::kCorrupt},
      {{Kind::kText, 0, "7"}, ErrorCode::kCorrupt},
      {{Kind::kArray}, ErrorCode::kCorrupt},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(Printed(row.reply)) {
      const Status checked = CheckReply(row.reply, Kind::kInteger, "LLEN");
      BOOST_TEST_REQUIRE(!checked);
      BOOST_TEST((checked.error().code == row.code));
      BOOST_TEST(checked.error().message.starts_with("LLEN: "));
    }
  }
  BOOST_TEST(static_cast<bool>(CheckReply({Kind::kInteger, 1}, Kind::kInteger, "LLEN")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
