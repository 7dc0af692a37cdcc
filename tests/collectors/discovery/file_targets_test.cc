#include "collectors/discovery/file_targets.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/discovery/discovery_options_from.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors {
namespace {

struct Fixture {
  std::string Path(const std::string& name) const { return (folder.path() / name).string(); }

  /// Puts a new file in place of the old one, as those who write such files should.
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path() / "new") << text;
    std::filesystem::rename(folder.path() / "new", folder.path() / name);
  }

  void Watch(const std::vector<std::string>& names) {
    FileTargetsOptions options;
    for (const std::string& name : names) options.files.push_back(Path(name));
    targets.emplace(options, clock);
  }

  /// The addresses of the targets, and the message of a failure.
  std::string Refresh() {
    const Status outcome = targets->Refresh(LongAttempt());
    std::vector<Labels> found;
    targets->AppendTargets(found);
    std::string text;
    for (const Labels& target : found) text += std::string(target.Get("__address__")) + " ";
    return text + (outcome ? "" : outcome.error().message);
  }

  TemporaryFolder folder;
  FakeClock clock;
  std::optional<FileTargets> targets;
};

struct BadFile {
  std::string text;
  std::string message;  ///< After the file's name.
};

const std::vector<BadFile> kBadFiles = {
    {"", ":1:1: expected a list of maps with targets and labels"},
    {"targets: [a:1]", ":1:1: expected a list of maps with targets and labels"},
    {"[{targets: [a:1]", ""},
    {"[{targets: a:1}]", ":1:12: "},
    {"- target: [a:1]", ":1:3: unknown key \"target\""},
    {"[{targets: [a:1], labels: {\"\": b}}]", "expected names of labels, got an empty one"},
    {"<html><body>404</body></html>", ":1:1: expected a list of maps with targets and labels"},
    {"- targets: [\"\xff\"]", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(file_targets_test)

BOOST_FIXTURE_TEST_CASE(YamlAndJsonAreReadAlike, Fixture) {
  Write("a.yml", "- targets: [a:1, a:2]\n  labels: {env: test}\n- targets: [a:3]\n");
  Write("b.json", "[\n\t{\"labels\": {\"path\": \"\\/x\"}, \"targets\": [\"b:1\"]}\n]\n");
  Watch({"a.yml", "b.json"});
  BOOST_TEST(static_cast<bool>(targets->Refresh(LongAttempt())));
  std::vector<Labels> found;
  targets->AppendTargets(found);
  BOOST_TEST(TextOf(found) ==
             "{__address__=\"a:1\", __meta_filepath=\"" + Path("a.yml") + "\", env=\"test\"}\n" +
                 "{__address__=\"a:2\", __meta_filepath=\"" + Path("a.yml") +
                 "\", env=\"test\"}\n" + "{__address__=\"a:3\", __meta_filepath=\"" +
                 Path("a.yml") + "\"}\n" + "{__address__=\"b:1\", __meta_filepath=\"" +
                 Path("b.json") + "\", path=\"/x\"}\n");
}

BOOST_FIXTURE_TEST_CASE(ABadFileKeepsItsLastGoodTargets, Fixture) {
  Write("good.yml", "[{targets: [g:1]}]");
  Watch({"bad.yml", "good.yml"});
  for (const BadFile& bad : kBadFiles) {
    Write("bad.yml", "[{targets: [a:1]}]");
    BOOST_TEST(Refresh() == "a:1 g:1 ");
    Write("bad.yml", bad.text);
    const std::string refreshed = Refresh();
    BOOST_TEST(refreshed.starts_with("a:1 g:1 " + Path("bad.yml")), refreshed);
    BOOST_TEST(refreshed.find(bad.message) != std::string::npos, refreshed);
    BOOST_TEST(Refresh() == refreshed, "an unchanged file stays bad");
  }
}

BOOST_FIXTURE_TEST_CASE(AMissingFileKeepsItsTargetsToo, Fixture) {
  Watch({"a.yml"});
  BOOST_TEST(Refresh() == Path("a.yml") + ": No such file or directory");
  Write("a.yml", "[{targets: [a:1]}]");
  BOOST_TEST(Refresh() == "a:1 ");
  std::filesystem::remove(Path("a.yml"));
  BOOST_TEST(Refresh() == "a:1 " + Path("a.yml") + ": No such file or directory");
  Write("a.yml", "[{targets: [a:2]}]");
  BOOST_TEST(Refresh() == "a:2 ");
}

BOOST_FIXTURE_TEST_CASE(AGlobFollowsTheFilesThatComeAndGo, Fixture) {
  Watch({"*.yml"});
  BOOST_TEST(Refresh() == "");
  Write("a.yml", "[{targets: [a:1]}]");
  Write("b.yml", "[{targets: [b:1]}]");
  Write("c.txt", "[{targets: [c:1]}]");
  BOOST_TEST(Refresh() == "a:1 b:1 ");
  const std::uint64_t changes = targets->changes();
  BOOST_TEST(Refresh() == "a:1 b:1 ");
  BOOST_TEST(targets->changes() == changes);
  std::filesystem::remove(Path("a.yml"));
  BOOST_TEST(Refresh() == "b:1 ");
  BOOST_TEST(targets->changes() != changes);
}

BOOST_FIXTURE_TEST_CASE(AFileNamedTwiceGivesItsTargetsOnce, Fixture) {
  Write("a.yml", "[{targets: [a:1]}]");
  Watch({"*.yml", "a.yml"});
  BOOST_TEST(Refresh() == "a:1 ");
}

BOOST_FIXTURE_TEST_CASE(AFileIsReadAgainWhenItChangesOrTheIntervalIsOver, Fixture) {
  Write("a.yml", "[{targets: [a:1]}]");
  Watch({"a.yml"});
  BOOST_TEST(Refresh() == "a:1 ");
  // As a folder mounted from a ConfigMap does it: another file under the same name, as old and as
  // long.
  const auto before = std::filesystem::last_write_time(Path("a.yml"));
  Write("a.yml", "[{targets: [a:2]}]");
  std::filesystem::last_write_time(Path("a.yml"), before);
  BOOST_TEST(Refresh() == "a:2 ");
  clock.Advance(std::chrono::minutes(5));
  const std::uint64_t changes = targets->changes();
  BOOST_TEST(Refresh() == "a:2 ");
  BOOST_TEST(targets->changes() == changes, "the same targets are no change");
}

BOOST_FIXTURE_TEST_CASE(WhatIsNoFileIsRefused, Fixture) {
  std::filesystem::create_directory(Path("a.yml"));
  Watch({"a.yml"});
  BOOST_TEST(Refresh() == Path("a.yml") + ": is no file");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
