#include "exporter/generate/completions.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "tests/support/source_directory.h"

namespace tocsin::generate {
namespace {

CommandDescription Small() {
  const CommandDescription query = {"query",
                                    "Ask: it's [old]",
                                    {{{"-o", "--output"}, "FORMAT", "How"}},
                                    {{{}, "FILE", "Of"}},
                                    {}};
  return {"tocsin", "", {{{"--version"}, "", "Which"}}, {}, {query}};
}

std::string FileOf(const CommandDescription& tocsin, std::string_view name) {
  for (GeneratedFile& file : GenerateCompletions(tocsin)) {
    if (file.path == name) return std::move(file.text);
  }
  return {};
}

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(completions_test)

BOOST_AUTO_TEST_CASE(BashKnowsCommandsOptionsAndValues) {
  const std::string text = FileOf(Small(), "tocsin.bash");
  BOOST_TEST_INFO(text);
  BOOST_TEST(Contains(text, "    '') echo 'query' ;;\n"));
  BOOST_TEST(Contains(text, "    'query') echo '-o --output' ;;\n"));
  BOOST_TEST(
      Contains(text, "'query:-o' | \\\n      'query:--output') echo 'words table json' ;;\n"));
  BOOST_TEST(Contains(text, "'query:') echo 'file' ;;\n"));
}

BOOST_AUTO_TEST_CASE(ZshQuotesWhatIsSpecialInItsSpecifications) {
  const std::string text = FileOf(Small(), "_tocsin");
  BOOST_TEST_INFO(text);
  BOOST_TEST(Contains(text, "    'query:Ask\\: it'\\''s [old]'\n"));
  BOOST_TEST(Contains(text, "    '(-o --output)--output=[How]:FORMAT:(table json)' \\\n"));
}

BOOST_AUTO_TEST_CASE(FishQuotesHelp) {
  const std::string text = FileOf(Small(), "tocsin.fish");
  BOOST_TEST_INFO(text);
  BOOST_TEST(Contains(text, "-n '__tocsin_at ' -a query -d 'Ask: it\\'s [old]'\n"));
  BOOST_TEST(Contains(text, "-n '__tocsin_at query' -s o -l output -x -a 'table json' -d 'How'\n"));
}

BOOST_AUTO_TEST_CASE(TheCommittedOnesAreThese) {
  const std::vector<GeneratedFile> files = GenerateCompletions(DescribeCommandLine());
  BOOST_TEST(files.size() == 3U);
  for (const GeneratedFile& file : files) {
    BOOST_TEST_CONTEXT(file.path) {
      const Result<std::string> committed =
          ReadFile(SourceDirectory() / "deploy/completions" / file.path);
      BOOST_TEST_REQUIRE(!!committed);
      BOOST_TEST((*committed == file.text),
                 "run: build/tocsin generate completions -o deploy/completions");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::generate
