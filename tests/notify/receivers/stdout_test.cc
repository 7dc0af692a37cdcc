#include "notify/receivers/stdout.h"

#include <unistd.h>

#include <array>
#include <string>

#include <boost/test/unit_test.hpp>

#include "base/file_descriptor.h"
#include "tests/notify/receivers/receiver_fixture.h"

namespace tocsin::notify {
namespace {

/// While it lives, standard output goes into a pipe.
class CapturedOutput {
 public:
  CapturedOutput() : before_(dup(STDOUT_FILENO)) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return;
    reading_ = FileDescriptor(ends[0]);
    const FileDescriptor writing(ends[1]);
    dup2(writing.get(), STDOUT_FILENO);
  }
  ~CapturedOutput() { Restore(); }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;

  /// All that was written. Nothing is captured from then on.
  std::string Take() {
    Restore();
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = read(reading_.get(), buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  void Restore() {
    if (before_.ok()) dup2(before_.get(), STDOUT_FILENO);
    before_ = FileDescriptor();
  }

  FileDescriptor before_;
  FileDescriptor reading_;
};

BOOST_FIXTURE_TEST_SUITE(stdout_test, ReceiverFixture)

BOOST_AUTO_TEST_CASE(WritesABlockThatNoTerminalObeys) {
  Read("stdout", "{}");
  BOOST_TEST(problems() == "");
  CapturedOutput output;
  const Outcome outcome =
      Send(MakeNotification({MakeAlert({{"alertname", "Slow"}, {"job", "x\x1b[2J"}})}));
  const std::string text = output.Take();
  BOOST_TEST((outcome.next == Outcome::Next::kDelivered));
  BOOST_TEST(text.starts_with("[FIRING:1] Slow (x [2J) to team: first notification\n"), text);
  BOOST_TEST(text.find('\x1b') == std::string::npos);
  BOOST_TEST(text.ends_with('\n'));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
