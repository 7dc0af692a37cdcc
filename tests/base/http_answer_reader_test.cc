#include "base/http_answer_reader.h"

#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

constexpr std::size_t kMost = 4096;

/// Reads `bytes`, so many at a time, and then the end if there is one; stops when it is complete.
Status Read(HttpAnswerReader& reader, std::string_view bytes, std::size_t at_a_time, bool ends) {
  for (; !bytes.empty() && !reader.is_complete();
       bytes.remove_prefix(std::min(at_a_time, bytes.size()))) {
    if (Status taken = reader.Take(bytes.substr(0, at_a_time)); !taken) return taken;
  }
  if (ends && !reader.is_complete()) return reader.TakeEnd();
  return {};
}

struct Whole {
  std::string_view name;
  std::string_view bytes;
  int status;
  std::string_view body;
  bool ends = false;
  bool keeps = true;
  bool is_framed = true;
};
constexpr Whole kWhole[] = {
    {"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""},
    {"nothing to say", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", 204, "", false, true, false},
    {"length", "HTTP/1.1 202 Accepted\r\ncontent-length: 5\r\n\r\ntaken", 202, "taken"},
    {"chunks",
     "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
     400, "abcde"},
    {"trailer",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nLater: yes\r\n\r\n", 200,
     "a"},
    {"until the end", "HTTP/1.1 200 OK\r\n\r\nwords", 200, "words", true, false, false},
    {"nothing until the end", "HTTP/1.1 200 OK\r\n\r\n", 200, "", true, false, false},
    {"closes", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", 200, "a",
     false, false},
    {"old", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", 200, "a", false, false},
    {"old and kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", 200,
     "a"},
    {"interim",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
     "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
     201, "ok"},
    {"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, ""},
    {"no carriage returns", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, "ok"},
    {"neither", "HTTP/1.0 200\n\nwords", 200, "words", true, false, false},
};

struct Bad {
  std::string_view name;
  std::string bytes;
  ErrorCode code;
};
const Bad kBad[] = {
    {"nothing", "", ErrorCode::kUnavailable},
    {"half a line", "HTTP/1.1 20", ErrorCode::kUnavailable},
    {"half a head", "HTTP/1.1 200 OK\r\nA: b\r\n", ErrorCode::kUnavailable},
    {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", ErrorCode::kUnavailable},
    {"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab",
     ErrorCode::kUnavailable},
    {"only interim", "HTTP/1.1 100 Continue\r\n\r\n", ErrorCode::kUnavailable},
    {"half after interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2", ErrorCode::kUnavailable},
    {"silence of another protocol", "220 mail", ErrorCode::kCorrupt},
    {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", ErrorCode::kCorrupt},
    {"no number", "HTTP/1.1 abc OK\r\n\r\n", ErrorCode::kCorrupt},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
     ErrorCode::kCorrupt},
    {"no length", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nab", ErrorCode::kCorrupt},
    {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
     ErrorCode::kCorrupt},
    {"long head", "HTTP/1.1 200 OK\r\nA: " + std::string(2 * kMost, 'x') + "\r\n\r\n",
     ErrorCode::kTooLarge},
    {"endless head", "HTTP/1.1 200 OK\r\nA: " + std::string(2 * kMost, 'x'), ErrorCode::kTooLarge},
    {"long body", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + std::string(5000, 'x'),
     ErrorCode::kTooLarge},
    {"long body until the end", "HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'x'),
     ErrorCode::kTooLarge},
    {"long chunk",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" + std::string(5000, 'x'),
     ErrorCode::kTooLarge},
    {"endless size of a chunk",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(2 * kMost, 'x'),
     ErrorCode::kTooLarge},
};

BOOST_AUTO_TEST_SUITE(http_answer_reader_test)

BOOST_AUTO_TEST_CASE(ReadsAnswersHoweverTheyAreCut) {
  for (const Whole& row : kWhole) {
    for (std::size_t at_a_time = 1; at_a_time <= row.bytes.size(); ++at_a_time) {
      BOOST_TEST_CONTEXT(row.name << ", " << at_a_time << " bytes at a time") {
        HttpAnswerReader reader(kMost);
        BOOST_TEST(!reader.has_begun());
        const Status read = Read(reader, row.bytes, at_a_time, row.ends);
        BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().message));
        BOOST_REQUIRE(reader.is_complete());
        BOOST_TEST(reader.has_begun());
        BOOST_TEST(reader.keeps_connection() == row.keeps);
        const HttpAnswer answer = reader.TakeAnswer();
        BOOST_TEST(answer.status == row.status);
        BOOST_TEST(answer.body == row.body);
        BOOST_TEST(answer.is_framed == row.is_framed);
        BOOST_TEST(answer.Header("Link").empty());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(KeepsHeadersAsTheyCame) {
  HttpAnswerReader reader(kMost);
  BOOST_REQUIRE(
      reader.Take("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A:  one two \r\nx-a: 3\r\n\r\n"));
  BOOST_REQUIRE(reader.is_complete());
  const HttpAnswer answer = reader.TakeAnswer();
  BOOST_REQUIRE(answer.headers.size() == 3U);
  BOOST_TEST(answer.headers[1].first == "X-A");
  BOOST_TEST(answer.headers[1].second == "one two");
  BOOST_TEST(answer.headers[2].first == "x-a");
  BOOST_TEST(answer.headers[2].second == "3");
}

BOOST_AUTO_TEST_CASE(RefusesWhatIsNoAnswer) {
  for (const Bad& row : kBad) {
    for (const std::size_t at_a_time : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
      BOOST_TEST_CONTEXT(row.name << ", " << at_a_time << " bytes at a time") {
        HttpAnswerReader reader(kMost);
        const Status read = Read(reader, row.bytes, at_a_time, true);
        BOOST_REQUIRE(!read);
        BOOST_TEST((read.error().code == row.code), read.error().message);
      }
    }
  }
}

// Beast throws at fields that its 16 bits cannot count; libcurl can read them.
BOOST_AUTO_TEST_CASE(DoesNotUnderstandVeryLongFields) {
  for (const std::size_t size : {std::size_t{65'000}, std::size_t{66'000}, std::size_t{200'000}}) {
    HttpAnswerReader reader(std::size_t{1} << 20);
    const Status taken = reader.Take(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: " + std::string(size, 'x') + "\r\n\r\n");
    BOOST_TEST(static_cast<bool>(taken) == (size < 65'400));
    if (!taken) BOOST_TEST((taken.error().code == ErrorCode::kCorrupt));
  }
}

BOOST_AUTO_TEST_CASE(DoesNotUnderstandVeryLongTrailers) {
  const std::string_view head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  const std::string longest(70'000, 'x');
  for (const std::string& trailer : {"A: " + longest, longest + ": b", longest}) {
    for (const std::size_t at_a_time : {std::size_t{16'384}, std::size_t{1} << 20}) {
      HttpAnswerReader reader(std::size_t{1} << 20);
      const Status read = Read(reader, std::string(head) + trailer + "\r\n\r\n", at_a_time, true);
      BOOST_REQUIRE(!read);
      BOOST_TEST((read.error().code == ErrorCode::kCorrupt), read.error().message);
    }
  }
}

BOOST_AUTO_TEST_CASE(CountsInterimAnswers) {
  HttpAnswerReader reader(kMost);
  Status taken;
  int interim = 0;
  for (; taken && interim < 1000; ++interim) taken = reader.Take("HTTP/1.1 100 Continue\r\n\r\n");
  BOOST_REQUIRE(!taken);
  BOOST_TEST((taken.error().code == ErrorCode::kTooLarge));
}

BOOST_AUTO_TEST_CASE(DoesNotKeepAConnectionThatSaysMore) {
  HttpAnswerReader reader(kMost);
  BOOST_REQUIRE(reader.Take("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 408 Late\r\n"));
  BOOST_TEST(reader.is_complete());
  BOOST_TEST(!reader.keeps_connection());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
