#include "collectors/sql/postgres_options.h"

#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/temporary_folder.h"

namespace tocsin::collectors {
namespace {

struct Read {
  PostgresOptions options;
  std::string mistakes;
};

Read ReadFrom(const std::string& yaml, const std::string& file = "f.yaml") {
  Diagnostics diagnostics(file);
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  BOOST_TEST_REQUIRE(node.has_value());
  Read read;
  {
    YamlMap map(*node, diagnostics);
    read.options = ReadPostgresOptions(map);
  }
  read.mistakes = diagnostics.Text();
  return read;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postgres_options_test)

BOOST_AUTO_TEST_CASE(DefaultsAreThoseOfTheTable) {
  const Read read = ReadFrom("{}");
  BOOST_TEST(read.mistakes.empty(), read.mistakes);
  for (const OptionDesc& option : kPostgresOptions) {
    BOOST_TEST_CONTEXT(option.name) {
      if (option.name == "postgres.host") BOOST_TEST(option.default_value == read.options.host);
      if (option.name == "postgres.port") {
        BOOST_TEST(option.default_value == std::to_string(read.options.port));
      }
      if (option.name == "postgres.database") {
        BOOST_TEST(option.default_value == read.options.database);
      }
      if (option.name == "postgres.user") BOOST_TEST(option.default_value == read.options.user);
      if (option.name == "postgres.sslmode") {
        BOOST_TEST(option.default_value == read.options.sslmode);
      }
    }
  }
  BOOST_TEST((read.options.statement_timeout == std::chrono::seconds(10)));
  BOOST_TEST((read.options.lock_timeout == std::chrono::seconds(1)));
}

BOOST_AUTO_TEST_CASE(EveryKeyIsRead) {
  const TemporaryFolder folder;
  for (const char* const name : {"a", "b", "c"}) std::ofstream(folder.path() / name) << "x";
  const Read read = ReadFrom(
      "host: /run/postgresql\nport: 6543\ndatabase: d\nuser: u\npassword: p\nsslmode: verify-full\n"
      "sslrootcert: a\nsslcert: b\nsslkey: c\nstatement_timeout: 3s\nlock_timeout: 200ms\n",
      (folder.path() / "f.yaml").string());
  BOOST_TEST(read.mistakes.empty(), read.mistakes);
  BOOST_TEST(read.options.host == "/run/postgresql");
  BOOST_TEST(read.options.port == 6543);
  BOOST_TEST(read.options.database == "d");
  BOOST_TEST(read.options.user == "u");
  BOOST_TEST(read.options.sslmode == "verify-full");
  BOOST_TEST(read.options.sslrootcert == (folder.path() / "a").string());
  BOOST_TEST(read.options.sslcert == (folder.path() / "b").string());
  BOOST_TEST(read.options.sslkey == (folder.path() / "c").string());
  BOOST_TEST((read.options.statement_timeout == std::chrono::seconds(3)));
  BOOST_TEST((read.options.lock_timeout == std::chrono::milliseconds(200)));
}

BOOST_AUTO_TEST_CASE(MistakesAreSaidWithTheirPlace) {
  struct Row {
    std::string yaml;
    std::string expected;  // A part of the message.
  };
  const std::vector<Row> table = {
      {"user: u\nhost: a,b", "f.yaml:2:"},
      {"host: ''", "one host name"},
      {"port: 0", "port"},
      {"port: 65536", "port"},
      {"port: x", "port"},
      {"sslmode: on", "verify-full"},
      {"sslmode: Require", "verify-full"},
      {"sslmode: requir", "verify-full, got \"requir\" (did you mean \"require\"?)"},
      {"user: u\nsslrootcert: no/such.crt", "f.yaml:2:14: sslrootcert: cannot read no/such.crt"},
      {"sslcert: /no/such.crt", "sslcert: cannot read /no/such.crt"},
      {"sslkey: /no/such.key", "sslkey: cannot read /no/such.key"},
      {"statement_timeout: 0s", "statement_timeout"},
      {"lock_timeout: soon", "lock_timeout"},
      {"passwort: x", "password"},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.yaml) {
      const std::string mistakes = ReadFrom(row.yaml).mistakes;
      BOOST_TEST(mistakes.find(row.expected) != std::string::npos, mistakes);
    }
  }
}

BOOST_AUTO_TEST_CASE(APasswordIsNotRepeatedInAMistake) {
  const std::string mistakes = ReadFrom("password: [hunter2]").mistakes;
  BOOST_TEST(!mistakes.empty());
  BOOST_TEST(mistakes.find("hunter2") == std::string::npos, mistakes);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors
