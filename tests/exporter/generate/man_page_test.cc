#include "exporter/generate/man_page.h"

#include <string>

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "exporter/version.h"
#include "tests/support/source_directory.h"

namespace tocsin::generate {
namespace {

std::string PageOf(const CommandDescription& tocsin) {
  return GenerateManPage(tocsin, "1.2.3").text;
}

bool Contains(const std::string& text, std::string_view part) {
  BOOST_TEST_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(man_page_test)

BOOST_AUTO_TEST_CASE(EveryOptionIsAParagraph) {
  const std::string page =
      PageOf({"tocsin", "", {{{"-c", "--config"}, "FILE", "The file", true}}, {}, {}});
  BOOST_TEST(Contains(
      page, ".TP\n\\fB\\-c\\fR, \\fB\\-\\-config\\fR \\fIFILE\\fR\nThe file.\nRequired.\n"));
}

BOOST_AUTO_TEST_CASE(CommandsBelowCommandsHaveTheirPath) {
  const CommandDescription rules = {
      "rules", "Check rules", {}, {{{}, "FILE", "The files", true, true}}, {}};
  const CommandDescription check = {"check", "Check files", {}, {}, {rules}};
  const std::string page = PageOf({"tocsin", "", {}, {}, {check}});
  BOOST_TEST(Contains(page, ".SS check rules \\fIFILE\\fR...\nCheck rules.\n"));
  BOOST_TEST(!Contains(page, ".SS check\n"));
}

BOOST_AUTO_TEST_CASE(TextIsNotTakenForCommandsOfRoff) {
  const std::string page = PageOf({"tocsin", "", {{{"--x"}, "", ".so \\ '^~`\""}}, {}, {}});
  BOOST_TEST(Contains(page, "\n\\&.so \\e \\(aq\\(ha\\(ti\\(ga\\(dq.\n"));
}

BOOST_AUTO_TEST_CASE(TheCommittedPageIsThisOne) {
  const GeneratedFile page = GenerateManPage(DescribeCommandLine(), Version());
  const Result<std::string> committed = ReadFile(SourceDirectory() / "deploy/man" / page.path);
  BOOST_TEST_REQUIRE(!!committed);
  BOOST_TEST((*committed == page.text), "run: build/tocsin generate man-page -o deploy/man");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::generate
