#include "exporter/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "base/file_descriptor.h"
#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

/// The other end of the line.
class Manager {
 public:
  explicit Manager(std::string_view name)
      : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.starts_with('@')) address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    BOOST_TEST_REQUIRE(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
  }

  /// What was said since the last time; empty if nothing was.
  std::string Hear() const {
    std::array<char, 256> buffer{};
    const ssize_t size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    return {buffer.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
  }

 private:
  FileDescriptor socket_;
};

void TellsEverything(const std::string& name) {
  const Manager manager(name);
  const ServiceManager told(name.c_str());
  BOOST_TEST(told.is_there());
  told.TellReady("serving");
  BOOST_TEST(manager.Hear() == "READY=1\nSTATUS=serving\n");
  told.TellReloading();
  BOOST_TEST(manager.Hear().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  told.TellStopping();
  BOOST_TEST(manager.Hear() == "STOPPING=1\n");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(service_manager_test)

BOOST_AUTO_TEST_CASE(TellsASocketInTheFileSystem) {
  const TemporaryFolder folder;
  TellsEverything((folder.path() / "notify").string());
}

BOOST_AUTO_TEST_CASE(TellsASocketInTheAbstractNamespace) {
  TellsEverything("@tocsin-test-" + std::to_string(getpid()));
}

BOOST_AUTO_TEST_CASE(WithoutAManagerItTellsNobody) {
  for (const char* const socket : {static_cast<const char*>(nullptr), "", "vsock:2:1", "notify"}) {
    const ServiceManager told(socket);
    BOOST_TEST(!told.is_there());
    told.TellReady("serving");
  }
  BOOST_TEST(!ServiceManager(("/" + std::string(200, 'x')).c_str()).is_there());
}

BOOST_AUTO_TEST_CASE(AManagerThatHasGoneDoesNoHarm) {
  const TemporaryFolder folder;
  const ServiceManager told((folder.path() / "nobody").c_str());
  told.TellReady("serving");
  told.TellStopping();
  BOOST_TEST(told.is_there());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
