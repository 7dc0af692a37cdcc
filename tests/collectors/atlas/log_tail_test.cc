#include "collectors/atlas/log_tail.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors::atlas {
namespace {

using Lines = std::vector<std::string>;

/// A log that a test writes, and its reader.
class Fixture {
 public:
  std::filesystem::path path() const { return folder_.path() / "access.log"; }
  std::filesystem::path rotated() const { return folder_.path() / "access.log.1"; }

  void Append(const std::string& text) const { Append(path(), text); }
  static void Append(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::app) << text;
  }
  void Truncate() const { std::filesystem::resize_file(path(), 0); }
  void Rotate() const { std::filesystem::rename(path(), rotated()); }

  LogTail Tail(std::optional<LogPosition> saved = std::nullopt) const { return {path(), saved}; }

 private:
  TemporaryFolder folder_;
};

Lines Read(LogTail& tail) {
  Lines lines;
  const Status read =
      tail.Read([&](std::string_view line) { lines.emplace_back(line); }, LongAttempt());
  BOOST_TEST(static_cast<bool>(read));
  return lines;
}

BOOST_AUTO_TEST_SUITE(atlas_log_tail_test)

BOOST_AUTO_TEST_CASE(BeginsAtTheEndAndHandsOutWholeLines) {
  const Fixture log;
  log.Append("old 1\nold 2, not ended");
  LogTail tail = log.Tail();
  BOOST_TEST(Read(tail) == Lines{}, boost::test_tools::per_element());
  log.Append(" until now\nnew 1\nnew");
  BOOST_TEST(Read(tail) == Lines{"new 1"}, boost::test_tools::per_element());
  log.Append(" 2\n\nnew 3\n");
  BOOST_TEST(Read(tail) == (Lines{"new 2", "", "new 3"}), boost::test_tools::per_element());
  BOOST_TEST(Read(tail) == Lines{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(FollowsARotationWithoutLosingALine) {
  const Fixture log;
  log.Append("");
  LogTail tail = log.Tail();
  Read(tail);
  log.Append("1\n");
  log.Rotate();
  log.Append("3\n");                      // The new file.
  Fixture::Append(log.rotated(), "2\n");  // The writer has not been told yet.
  BOOST_TEST(Read(tail) == (Lines{"1", "2"}), boost::test_tools::per_element());
  Fixture::Append(log.rotated(), "2b\n");
  log.Append("4\n");
  BOOST_TEST(Read(tail) == (Lines{"2b", "3", "4"}), boost::test_tools::per_element());
  log.Append("5\n");
  BOOST_TEST(Read(tail) == Lines{"5"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(AFileThatIsGoneIsReadOnUntilItIsReplaced) {
  const Fixture log;
  log.Append("");
  LogTail tail = log.Tail();
  Read(tail);
  log.Append("1\n");
  std::filesystem::remove(log.path());
  BOOST_TEST(Read(tail) == Lines{"1"}, boost::test_tools::per_element());
  BOOST_TEST(Read(tail) == Lines{}, boost::test_tools::per_element());
  log.Append("2\n");
  Read(tail);
  BOOST_TEST(Read(tail) == Lines{"2"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(AnEmptiedFileIsReadFromItsBeginning) {
  const Fixture log;
  log.Append("a long line of before\n");
  LogTail tail = log.Tail();
  Read(tail);
  log.Truncate();
  log.Append("new\n");
  BOOST_TEST(Read(tail) == Lines{"new"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(GoesOnWhereItWas) {
  const Fixture log;
  log.Append("");
  LogTail first = log.Tail();
  Read(first);
  log.Append("1\n");
  Read(first);
  const std::optional<LogPosition> saved = first.position();

  log.Append("2\n");
  LogTail second = log.Tail(saved);
  BOOST_TEST(Read(second) == Lines{"2"}, boost::test_tools::per_element());

  log.Rotate();
  log.Append("3\n");
  LogTail third = log.Tail(saved);
  BOOST_TEST(Read(third) == (Lines{"2", "3"}), boost::test_tools::per_element());

  std::filesystem::remove(log.rotated());
  LogTail fourth = log.Tail(saved);
  BOOST_TEST(Read(fourth) == Lines{"3"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(PassesOverLinesWithoutAnEnd) {
  const Fixture log;
  log.Append("");
  LogTail tail = log.Tail();
  Read(tail);
  log.Append(std::string(3 * LogTail::kLongestLine, 'x'));
  BOOST_TEST(Read(tail) == Lines{}, boost::test_tools::per_element());
  log.Append("y\nnext\n");
  BOOST_TEST(Read(tail) == Lines{"next"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(TakesInNoMoreThanItMayAtATime) {
  const Fixture log;
  log.Append("");
  LogTail tail = log.Tail();
  Read(tail);
  const std::string line(999, 'x');
  constexpr std::size_t kLines = LogTail::kMostBytes / 1000 + 500;
  std::string text;
  text.reserve(kLines * 1000);
  for (std::size_t i = 0; i < kLines; ++i) text += line + "\n";
  log.Append(text);
  const std::size_t first = Read(tail).size();
  BOOST_TEST(first <= LogTail::kMostBytes / 1000);
  BOOST_TEST(first + Read(tail).size() == kLines);
}

BOOST_AUTO_TEST_CASE(SaysWhatItCannotRead) {
  const TemporaryFolder folder;
  for (const auto& [path, code] : {std::pair(folder.path() / "absent", ErrorCode::kNotFound),
                                   std::pair(folder.path(), ErrorCode::kInvalidInput)}) {
    LogTail tail(path, std::nullopt);
    const Status read = tail.Read([](std::string_view) {}, LongAttempt());
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().code == code), read.error().message);
    BOOST_TEST(read.error().message.starts_with(path.string() + ": "), read.error().message);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::atlas
