#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/configured.h"
#include "tests/collectors/snapshot_lines.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors::host {
namespace {

/// A folder of files, and a collector that passes them on.
struct Textfiles {
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path() / name, std::ios::binary | std::ios::trunc) << text;
  }
  std::string Mtime(const std::string& name) const {
    return "node_textfile_mtime_seconds{file=\"" + (folder.path() / name).string() + "\"}";
  }
  CollectedLines Collect() const { return CollectOnce(*collector); }

  TemporaryFolder folder;
  Configured configured{
      "host", "parts: [textfile]\ntextfile: {directory: " + folder.path().string() + "}\n"};
  std::unique_ptr<Collector> collector = configured.Make();
};

BOOST_AUTO_TEST_SUITE(textfile_test)

BOOST_AUTO_TEST_CASE(WholeFilesArePassedOn) {
  const Textfiles files;
  files.Write("backup.prom",
              "# HELP backup_bytes Size of the last backup.\n"
              "# TYPE backup_bytes gauge\n"
              "backup_bytes{database=\"a\\\"b\"} 12\n"
              "backup_seconds 1.5\n");
  files.Write("latency.prom",
              "# TYPE latency histogram\n"
              "latency_bucket{le=\"1\"} 2\nlatency_bucket{le=\"+Inf\"} 3\n"
              "latency_sum 4\nlatency_count 3\n");
  files.Write("ignored.txt", "no_metric 1\n");
  files.Write("empty.prom", "");
  const std::filesystem::file_time_type written(std::filesystem::file_time_type::clock::from_sys(
      std::chrono::sys_seconds(std::chrono::seconds(1'600'000'000))));
  std::filesystem::last_write_time(files.folder.path() / "backup.prom", written);

  const CollectedLines collected = files.Collect();
  BOOST_TEST(bool(collected.status));
  BOOST_TEST(collected.parts.empty());
  const SnapshotLines& lines = collected.lines;
  BOOST_TEST(lines.at("node_textfile_scrape_error") == 0);
  BOOST_TEST(lines.at(files.Mtime("backup.prom")) == 1.6e9);
  BOOST_TEST(lines.contains(files.Mtime("empty.prom")));
  BOOST_TEST(!lines.contains(files.Mtime("ignored.txt")));
  BOOST_TEST(lines.at("backup_bytes{database=\"a\"b\"}") == 12);
  BOOST_TEST(lines.at("backup_seconds") == 1.5);
  BOOST_TEST(lines.at("latency_bucket{le=\"1.0\"}") == 2);
  BOOST_TEST(lines.at("latency_count") == 3);
  BOOST_TEST(!lines.contains("no_metric"));
}

BOOST_AUTO_TEST_CASE(AnEmptyFolderIsNoError) {
  const Textfiles files;
  const CollectedLines collected = files.Collect();
  BOOST_TEST((collected.lines == SnapshotLines{{"node_textfile_scrape_error", 0}}));
}

BOOST_AUTO_TEST_CASE(ABrokenFileIsLeftOutAlone) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"half a line", "bad 1\nbad_too"},
      {"a whole value without its end", "bad 1\nbad_too 1"},
      {"half a comment", "bad 1\n# HELP bad_too Th"},
      {"no number", "bad 1\nbad_too many\n"},
      {"a type that is none", "# TYPE bad thing\nbad 1\n"},
      {"a timestamp", "bad 1 1600000000000\n"},
      {"one of two with a timestamp", "bad{a=\"1\"} 1\nbad{a=\"2\"} 1 1600000000000\n"},
      {"HTML", "<html>\n"},
      {"a series twice", "bad 1\nbad 2\n"},
  };
  for (const auto& [name, text] : table) {
    BOOST_TEST_CONTEXT(name) {
      const Textfiles files;
      files.Write("a.prom", text);
      files.Write("b.prom", "good 1\n");
      const CollectedLines collected = files.Collect();
      const SnapshotLines& lines = collected.lines;
      BOOST_TEST(lines.at("node_textfile_scrape_error") == 1);
      BOOST_TEST(lines.at("good") == 1);
      BOOST_TEST(!lines.contains("bad"));
      BOOST_TEST(!lines.contains(files.Mtime("a.prom")));
      BOOST_TEST(lines.contains(files.Mtime("b.prom")));
      BOOST_REQUIRE(collected.parts.contains("textfile"));
      BOOST_TEST(collected.parts.at("textfile").starts_with("a.prom: "));
      // Though it is all that this collector reads: the other file counts.
      BOOST_TEST(bool(collected.status));

      files.Write("a.prom", "bad 3\n");
      const CollectedLines later = files.Collect();
      BOOST_TEST(later.lines.at("bad") == 3);
      BOOST_TEST(later.lines.at("node_textfile_scrape_error") == 0);
      BOOST_TEST(later.parts.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(AFolderThatIsGoneIsAnError) {
  const Textfiles files;
  files.Write("a.prom", "good 1\n");
  BOOST_TEST(files.Collect().lines.contains("good"));
  std::filesystem::remove_all(files.folder.path());
  const CollectedLines collected = files.Collect();
  BOOST_TEST(!collected.status);  // It is all that this collector reads.
  BOOST_TEST(!collected.lines.contains("good"));
}

BOOST_AUTO_TEST_CASE(MetricsOfTheHostCannotBeMadeUp) {
  const Textfiles files;
  files.Write("a.prom", "node_load1 99\nmine 1\n");
  const CollectedLines collected = files.Collect();
  BOOST_TEST(!collected.lines.contains("node_load1"));
  BOOST_TEST(collected.lines.contains("mine"));
  BOOST_TEST(collected.dropped[static_cast<std::size_t>(DropReason::kName)] == 1U);
  BOOST_TEST(collected.lines.at("node_textfile_scrape_error") == 1);
}

BOOST_AUTO_TEST_CASE(WhatTwoFilesHaveIsAnError) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"a series", "both 2\nmine 3\n"},
      {"a metric with another type", "# TYPE both counter\nboth{b=\"c\"} 2\nmine 3\n"},
  };
  for (const auto& [name, text] : table) {
    BOOST_TEST_CONTEXT(name) {
      const Textfiles files;
      files.Write("a.prom", "# TYPE both gauge\nboth 1\n");
      files.Write("b.prom", text.starts_with("#") ? text : "# TYPE both gauge\n" + text);
      const CollectedLines collected = files.Collect();
      BOOST_TEST(bool(collected.status));
      BOOST_TEST(collected.lines.at("both") == 1);
      BOOST_TEST(collected.lines.at("mine") == 3);
      BOOST_TEST(collected.lines.contains(files.Mtime("b.prom")));
      BOOST_TEST(collected.lines.at("node_textfile_scrape_error") == 1);
      BOOST_REQUIRE(collected.parts.contains("textfile"));
      BOOST_TEST(collected.parts.at("textfile").starts_with("b.prom: 1 of its samples"));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::host
