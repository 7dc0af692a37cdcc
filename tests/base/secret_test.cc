#include "base/secret.h"

#include <fstream>
#include <ostream>
#include <string>
#include <type_traits>

#include <boost/test/unit_test.hpp>

#include "base/log.h"
#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!Printable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_constructible_v<LogField, std::string_view, Secret>);
static_assert(!std::equality_comparable<Secret>);

BOOST_AUTO_TEST_SUITE(secret_test)

BOOST_AUTO_TEST_CASE(AFileIsReadAgainAtEachUse) {
  const TemporaryFolder folder;
  const SecretSource source = SecretSource::File(folder.path() / "password");
  std::ofstream(folder.path() / "password") << "first\n";
  BOOST_TEST(source.Read()->Reveal() == "first");
  std::ofstream(folder.path() / "password") << "second";
  BOOST_TEST(source.Read()->Reveal() == "second");
}

BOOST_AUTO_TEST_CASE(OneNewlineAtTheEndIsNotPartOfIt) {
  struct Row {
    std::string_view contents;
    std::string_view secret;
  };
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "password";
  for (const Row& row : {Row{"a\n", "a"}, Row{"a\r\n", "a"}, Row{"a\n\n", "a\n"}, Row{" a ", " a "},
                         Row{"a\r", "a\r"}, Row{"\n", ""}, Row{"", ""}}) {
    BOOST_TEST_CONTEXT(row.contents) {
      std::ofstream(file, std::ios::trunc) << row.contents;
      BOOST_TEST(SecretSource::File(file).Read()->Reveal() == row.secret);
    }
  }
}

BOOST_AUTO_TEST_CASE(AMissingFileIsADeniedSecret) {
  const TemporaryFolder folder;
  const Result<Secret> read = SecretSource::File(folder.path() / "no").Read();
  BOOST_TEST_REQUIRE(!read);
  BOOST_TEST((read.error().code == ErrorCode::kDenied));
}

BOOST_AUTO_TEST_CASE(ASecretMayBeInlineOrAbsent) {
  BOOST_TEST(SecretSource::Inline(Secret("a")).Read()->Reveal() == "a");
  BOOST_TEST(SecretSource::Inline(Secret("a")).is_set());
  BOOST_TEST(!SecretSource().is_set());
  BOOST_TEST(SecretSource().Read()->empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
