#include "exporter/socket_activation.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <ostream>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

constexpr pid_t kSelf = 42;

struct CountCase {
  std::string_view name;
  const char* listen_pid;
  const char* listen_fds;
  int count;  ///< -1: is refused.
};

constexpr CountCase kCountCases[] = {
    {"nothing said", nullptr, nullptr, 0},
    {"no process said", nullptr, "1", 0},
    {"no number said", "42", nullptr, 0},
    {"one", "42", "1", 1},
    {"several", "42", "3", 3},
    {"none", "42", "0", 0},
    {"meant for a parent", "41", "1", 0},
    {"meant for a parent, whose number is nobody's business", "41", "x", 0},
    {"no process", "x", "1", -1},
    {"an empty process", "", "1", -1},
    {"no number", "42", "x", -1},
    {"half a number", "42", "1x", -1},
    {"an empty number", "42", "", -1},
    {"a negative number", "42", "-1", -1},
    {"more than there can be", "42", "1025", -1},
    {"more than an int holds", "42", "99999999999", -1},
};

/// A socket like those that a service manager hands over: it blocks, and survives exec().
FileDescriptor Inherited(int domain, int type, bool listening) {
  FileDescriptor made(socket(domain, type, 0));
  if (listening) listen(made.get(), 8);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(socket_activation_test)

BOOST_AUTO_TEST_CASE(CountsWhatIsMeantForThisProcess) {
  for (const CountCase& row : kCountCases) {
    BOOST_TEST_CONTEXT(row.name) {
      const Result<int> count = CountHandedOver(row.listen_pid, row.listen_fds, kSelf);
      BOOST_TEST((count ? *count : -1) == row.count);
      if (!count) BOOST_TEST((count.error().code == ErrorCode::kInvalidInput));
    }
  }
}

BOOST_AUTO_TEST_CASE(NothingIsTakenFromAnEnvironmentThatSaysNothing) {
  const Result<std::vector<Listener>> taken = TakeHandedOverSockets();
  BOOST_TEST_REQUIRE(!!taken);
  BOOST_TEST(taken->empty());
}

BOOST_AUTO_TEST_CASE(AListeningSocketIsTakenOverAndDoesNotBlock) {
  const Result<Listener> taken = AdoptListener(Inherited(AF_INET, SOCK_STREAM, true));
  BOOST_TEST_REQUIRE(!!taken);
  BOOST_TEST(taken->address.starts_with("0.0.0.0:"));
  BOOST_TEST((fcntl(taken->socket.get(), F_GETFL) & O_NONBLOCK) != 0);
  BOOST_TEST((fcntl(taken->socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

BOOST_AUTO_TEST_CASE(WhatIsNoListeningTcpSocketIsRefused) {
  std::array<int, 2> pipe_ends{};
  BOOST_TEST_REQUIRE(pipe(pipe_ends.data()) == 0);
  const FileDescriptor other_end(pipe_ends[1]);
  struct Case {
    std::string_view name;
    FileDescriptor descriptor;
  };
  std::array<Case, 5> cases = {
      {{"a pipe", FileDescriptor(pipe_ends[0])},
       {"nothing", FileDescriptor()},
       {"a socket that does not listen", Inherited(AF_INET, SOCK_STREAM, false)},
       {"datagrams", Inherited(AF_INET, SOCK_DGRAM, false)},
       {"a local socket", Inherited(AF_UNIX, SOCK_STREAM, false)}}};
  for (Case& row : cases) {
    BOOST_TEST_CONTEXT(row.name) {
      const Result<Listener> taken = AdoptListener(std::move(row.descriptor));
      BOOST_TEST_REQUIRE(!taken);
      BOOST_TEST((taken.error().code == ErrorCode::kInvalidInput));
      BOOST_TEST(taken.error().message == "not a listening TCP socket");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
