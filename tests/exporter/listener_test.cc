#include "exporter/listener.h"

#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {

BOOST_AUTO_TEST_SUITE(listener_test)

BOOST_AUTO_TEST_CASE(AnErrorNamesTheAddressThatANameStandsFor) {
  const Result<std::vector<Listener>> first = Listen(":0");
  BOOST_TEST_REQUIRE(!!first);
  const std::string& address = first->front().address;
  const std::string port = address.substr(address.rfind(':'));
  const Result<std::vector<Listener>> second = Listen("localhost" + port);
  BOOST_TEST_REQUIRE(!second);
  const std::string& message = second.error().message;
  BOOST_TEST_INFO(message);
  BOOST_TEST(message.starts_with("listening on localhost" + port + ": "));
  BOOST_TEST(message.find("127.0.0.1" + port + ": Address already in use") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(AnAddressIsNotNamedTwice) {
  const Result<std::vector<Listener>> first = Listen("127.0.0.1:0");
  BOOST_TEST_REQUIRE(!!first);
  const std::string& address = first->front().address;
  const Result<std::vector<Listener>> second = Listen(address);
  BOOST_TEST_REQUIRE(!second);
  BOOST_TEST(second.error().message == "listening on " + address + ": Address already in use");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
