// A real PostgreSQL for tests: a cluster of its own, on loopback, gone when the test is.

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/test/tree/decorator.hpp>
#include <boost/test/unit_test_suite.hpp>

namespace tocsin {

/// One PostgreSQL server in a temporary folder. Its superuser is "postgres", who needs no password
/// over the Unix socket; over TCP everybody does (SCRAM). What goes wrong is thrown as
/// std::runtime_error: without its server a test has nothing to say. One thread at a time.
class PostgresServer {
 public:
  /// Whether a server is installed in Debian's place, /usr/lib/postgresql/VERSION/bin.
  static bool IsInstalled();

  /// The server of this test program, which is made by the first call and runs until the program
  /// ends, however it ends. Tests that stop it start it again.
  static PostgresServer& Shared();

  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  std::uint16_t port() const { return port_; }
  const std::string& socket_folder() const { return folder_; }

  /// Waits until it answers. Does nothing if it runs.
  void Start();
  /// Ends all sessions and waits for its end. Does nothing if it is stopped.
  void Stop();
  /// Stops the server and all its processes in the middle of whatever they do, and wakes them
  /// again.
  void Pause();
  void Resume();

  /// Runs statements separated by semicolons, as superuser in database "postgres" on a session of
  /// its own. Returns the first cell of the last one's answer, or "".
  std::string Execute(const std::string& statements) const;

  /// Executes `statement` until it answers `expected`. False if it did not within a generous time.
  bool Await(const std::string& statement, const std::string& expected) const;

 private:
  PostgresServer();
  std::vector<pid_t> Processes() const;
  void LaunchAndAwait();

  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t postmaster_ = 0;  // 0 while stopped.
};

/// For tests that need the server: without it they are skipped, and counted as skipped.
///
///     BOOST_AUTO_TEST_SUITE(x_test, *boost::unit_test::precondition(NeedsPostgres))
boost::test_tools::assertion_result NeedsPostgres(boost::unit_test::test_unit_id test);

}  // namespace tocsin
