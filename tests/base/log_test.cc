#include "base/log.h"

#include <unistd.h>

#include <array>
#include <regex>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

struct Row {
  std::string_view name;
  std::string_view value;
  std::string_view logfmt;
  std::string_view json;
};

constexpr std::array kRows = {
    Row{"Word", "a-b:1", "a-b:1", R"("a-b:1")"},
    Row{"Empty", "", R"("")", R"("")"},
    Row{"Space", "a b", R"("a b")", R"("a b")"},
    Row{"Equals", "a=b", R"("a=b")", R"("a=b")"},
    Row{"Quote", "a\"b", R"("a\"b")", R"("a\"b")"},
    Row{"Backslash", "a\\b", R"("a\\b")", R"("a\\b")"},
    Row{"ForgedLine", "x\nts=1 level=error", R"("x\nts=1 level=error")",
        R"("x\nts=1 level=error")"},
    Row{"CarriageReturn", "a\rb", R"("a\u000db")", R"("a\u000db")"},
    Row{"Escape", "\x1b[31m", R"("\u001b[31m")", R"("\u001b[31m")"},
    Row{"Delete", "\x7f", R"("\u007f")", R"("\u007f")"},
    Row{"Utf8", "\xc3\xa9", "\"\xc3\xa9\"", "\"\xc3\xa9\""},
    Row{"NotUtf8", "a\xff", R"("a\ufffd")", R"("a\ufffd")"},
};

/// The reading end of a pipe, and a log that writes into it.
class Captured {
 public:
  Captured() { BOOST_REQUIRE(pipe(ends_.data()) == 0); }
  ~Captured() {
    close(ends_[0]);
    close(ends_[1]);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  int descriptor() const { return ends_[1]; }

  /// What has been written, which must be something.
  std::string Text() const {
    std::string text(4096, '\0');
    const ssize_t got = read(ends_[0], text.data(), text.size());
    BOOST_REQUIRE(got > 0);
    text.resize(static_cast<std::size_t>(got));
    return text;
  }

 private:
  std::array<int, 2> ends_{};
};

BOOST_AUTO_TEST_SUITE(log_test)

BOOST_AUTO_TEST_CASE(ValuesAreEscaped) {
  for (const Row& row : kRows) {
    BOOST_TEST_CONTEXT(row.name) {
      const std::string value(row.value);
      BOOST_TEST(FormatLogfmt("m", {{"k", value}}) == "msg=\"m\" k=" + std::string(row.logfmt));
      BOOST_TEST(FormatJsonMembers("m", {{"k", value}}) ==
                 "\"msg\":\"m\",\"k\":" + std::string(row.json));
    }
  }
}

BOOST_AUTO_TEST_CASE(LogfmtLinesHaveTimeLevelMessageAndFields) {
  const Captured captured;
  Log(LogLevel::kInfo, LogFormat::kLogfmt, captured.descriptor())
      .Warn("two words", {{"a", "%v %d"}});
  const std::regex line(
      R"(ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=warn msg="two words" a="%v %d"\n)");
  const std::string text = captured.Text();
  BOOST_TEST(std::regex_match(text, line), text);
}

BOOST_AUTO_TEST_CASE(JsonLinesAreObjects) {
  const Captured captured;
  Log(LogLevel::kInfo, LogFormat::kJson, captured.descriptor()).Info("m", {{"a", "b"}});
  const std::regex line(
      R"(\{"ts":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"info","msg":"m","a":"b"\}\n)");
  const std::string text = captured.Text();
  BOOST_TEST(std::regex_match(text, line), text);
}

BOOST_AUTO_TEST_CASE(LinesBelowTheLevelAreNotWritten) {
  const Captured captured;
  const Log log(LogLevel::kWarn, LogFormat::kLogfmt, captured.descriptor());
  log.Debug("no");
  log.Info("no");
  log.Error("yes");
  const std::string text = captured.Text();
  BOOST_TEST(text.find("msg=\"no\"") == std::string::npos);
  BOOST_TEST(text.find("level=error msg=\"yes\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(LevelsAndFormatsAreWords) {
  BOOST_TEST((*ParseLogLevel("debug") == LogLevel::kDebug));
  BOOST_TEST((*ParseLogLevel("error") == LogLevel::kError));
  BOOST_TEST((*ParseLogFormat("json") == LogFormat::kJson));
  BOOST_TEST(ParseLogLevel("INFO").error().message ==
             "expected debug, info, warn or error, got 'INFO'");
  BOOST_TEST(ParseLogFormat("xml").error().message == "expected logfmt or json, got 'xml'");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
