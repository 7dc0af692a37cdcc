#include "exporter/generate/metrics_doc.h"

#include <algorithm>
#include <filesystem>
#include <string>

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "exporter/config.h"
#include "exporter/generate/own_metrics.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::generate {
namespace {

using collectors::CollectorEntry;
using collectors::OptionDesc;

constexpr OptionDesc kOptions[] = {{"url", "text", "", "Where a|b is."},
                                   {"limit", "integer", "5", "How many."},
                                   {"new", "list of <rules>", "<none>", "As <http_config>."}};
constexpr MetricDesc kMetrics[] = {
    {.name = "x_total", .type = MetricType::kCounter, .help = "Things.", .labels = {"a", "b"}},
    {.name = "x_old", .help = "Old name.", .exported = Exported::kForCompatibility}};
constexpr CollectorEntry kEntry = {"x", "What x tells.", kOptions, kMetrics, nullptr};

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(metrics_doc_test)

BOOST_AUTO_TEST_CASE(TablesHaveARowForEachOptionAndMetric) {
  const std::string tables = CollectorTables(kEntry);
  for (const std::string_view row :
       {"| `url` | text |  | Where a\\|b is. |\n", "| `limit` | integer | `5` | How many. |\n",
        "| `new` | list of &lt;rules> | `<none>` | As &lt;http_config>. |\n",
        "| `x_total` | counter | `a`, `b` | Things. |\n",
        "| `x_old` | gauge |  | Old name. (with `compatibility_names`) |\n"}) {
    BOOST_TEST(Has(tables, row), row << " is not in " << tables);
  }
}

BOOST_AUTO_TEST_CASE(TablesGoWhereThePageAsksForThem) {
  const std::string tables = CollectorTables(kEntry);
  struct Row {
    std::string page;
    std::string expected;
  };
  const Row rows[] = {
      {"", "# The x collector\n\nWhat x tells.\n\n" + tables + "\n"},
      {"# X\n\nText.\n", "# X\n\nText.\n\n" + tables + "\n"},
      {"# X", "# X\n\n" + tables + "\n"},
      {"a\n<!-- generated -->\nb\n", "a\n" + tables + "\nb\n"},
      {"a\n" + tables.substr(0, tables.find('\n')) +
           "\nold\n<!-- end of what is generated -->\nb\n",
       "a\n" + tables + "\nb\n"},
  };
  for (const Row& row : rows) {
    BOOST_TEST(PageWithTables(row.page, kEntry) == row.expected);
    BOOST_TEST(PageWithTables(row.expected, kEntry) == row.expected);
  }
}

BOOST_AUTO_TEST_CASE(OnePageHasAllMetrics) {
  constexpr MetricDesc kOther[] = {
      {.name = "a", .help = "First.", .labels = {"l"}},
      {.name = "x_total", .type = MetricType::kCounter, .help = "Things.", .labels = {"a", "b"}},
      {.name = "x_old", .help = "Another name."}};
  constexpr MetricDesc kOwn[] = {{.name = "own", .help = "Mine."}};
  const CollectorEntry collectors[] = {kEntry, {"y", "What y tells.", {}, kOther, nullptr}};
  const std::string page = AllMetricsPage(collectors, kOwn);
  BOOST_TEST(page.substr(page.find("|---")) ==
             "|---|---|---|---|---|\n"
             "| `a` | gauge | `l` | First. | [y](collectors/y.md) |\n"
             "| `own` | gauge |  | Mine. | tocsin |\n"
             "| `x_old` | gauge |  | Another name. | [y](collectors/y.md) |\n"
             "| `x_old` | gauge |  | Old name. (with `compatibility_names`) "
             "| [x](collectors/x.md) |\n"
             "| `x_total` | counter | `a`, `b` | Things. "
             "| [x](collectors/x.md), [y](collectors/y.md) |\n");
}

/// The text of one of the generated pages.
std::string PageAt(const std::filesystem::path& folder, std::string_view path) {
  const auto files = GenerateMetricsDoc(folder);
  BOOST_REQUIRE(files);
  const auto found = std::ranges::find(*files, path, &GeneratedFile::path);
  BOOST_REQUIRE_MESSAGE(found != files->end(), path);
  return found->text;
}

BOOST_AUTO_TEST_CASE(PagesKeepWhatPeopleWrote) {
  const TemporaryFolder folder;
  BOOST_TEST(PageAt(folder.path(), "collectors/dagster.md").starts_with("# The dagster collector"));
  std::filesystem::create_directories(folder.path() / "collectors");
  BOOST_REQUIRE(ReplaceFile(folder.path() / "collectors" / "dagster.md",
                            "# Mine\n\n<!-- generated -->\n\nMy end.\n"));
  const std::string text = PageAt(folder.path(), "collectors/dagster.md");
  BOOST_TEST(text.starts_with("# Mine\n"));
  BOOST_TEST(text.ends_with("\nMy end.\n"));
  BOOST_TEST(Has(text, "`dagster_daemon_heartbeat_age_seconds`"));
}

BOOST_AUTO_TEST_CASE(ThePageOfAllMetricsKnowsEveryCollectorAndTocsin) {
  const std::string page = PageAt("nowhere", "metrics.md");
  for (const CollectorEntry& collector : collectors::AllCollectors()) {
    for (const MetricDesc& metric : collector.metrics) {
      BOOST_TEST(Has(page, "\n| `" + std::string(metric.name) + "` | "), metric.name);
    }
  }
  for (const std::string_view name :
       {"process_start_time_seconds", "tocsin_build_info", "tocsin_storage_series",
        "tocsin_rule_evaluations_total", "tocsin_outbox_oldest_age_seconds"}) {
    BOOST_TEST(Has(page, "\n| `" + std::string(name) + "` | "), name);
  }
}

BOOST_AUTO_TEST_CASE(CommittedPagesAreCurrent) {
  const std::filesystem::path docs = SourceDirectory() / "docs";
  const auto files = GenerateMetricsDoc(docs);
  BOOST_REQUIRE(files);
  for (const GeneratedFile& file : *files) {
    const Result<std::string> page = ReadFile(docs / file.path);
    BOOST_REQUIRE_MESSAGE(page, file.path << " is missing");
    BOOST_TEST((*page == file.text), file.path << " is not current: run ./dev generate");
  }
}

BOOST_AUTO_TEST_CASE(EachCollectorHasAnExampleThatIsGood) {
  for (const CollectorEntry& collector : collectors::AllCollectors()) {
    const auto path =
        SourceDirectory() / "examples" / "collectors" / (std::string(collector.name) + ".yaml");
    const Result<Config> config = LoadConfig(path);
    BOOST_REQUIRE_MESSAGE(config, (config ? "" : config.error().message));
    const auto is_shown = [&](const auto& instance) { return instance->kind == &collector; };
    BOOST_TEST(std::any_of(config->collectors.begin(), config->collectors.end(), is_shown),
               path << " shows no " << collector.name);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate
