#include "tests/support/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <libpq-fe.h>

#include "tests/support/await.h"

namespace tocsin {
namespace {

[[noreturn]] void Fail(const std::string& what) {
  throw std::runtime_error("PostgresServer: " + what);
}

/// The newest /usr/lib/postgresql/VERSION/bin, or an empty path.
std::filesystem::path ProgramFolder() {
  std::filesystem::path newest;
  int newest_version = 0;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", missing)) {
    const std::string name = entry.path().filename();
    int version = 0;
    std::from_chars(name.data(), name.data() + name.size(), version);
    if (version > newest_version && std::filesystem::exists(entry.path() / "bin" / "postgres")) {
      newest_version = version;
      newest = entry.path() / "bin";
    }
  }
  return newest;
}

/// A port that is free now. PostgreSQL cannot be asked to choose one itself.
std::uint16_t FreePort() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool found =
      ::bind(listener, generic, size) == 0 && ::getsockname(listener, generic, &size) == 0;
  ::close(listener);
  if (!found) Fail("no free port");
  return ntohs(address.sin_port);
}

/// Whom the server runs as. It refuses to run as root, so root lends it Debian's "postgres".
struct RunAs {
  uid_t user = ::getuid();
  gid_t group = ::getgid();
};

RunAs UserOfServer() {
  RunAs self;
  if (self.user != 0) return self;
  passwd entry = {};
  passwd* found = nullptr;
  std::array<char, 4096> texts = {};
  if (::getpwnam_r("postgres", &entry, texts.data(), texts.size(), &found) != 0 ||
      found == nullptr) {
    Fail("root needs a user \"postgres\" to run the server as");
  }
  return {entry.pw_uid, entry.pw_gid};
}

/// Starts a program as `who`, its output appended to `log`. It is killed when this thread ends.
pid_t Launch(const std::vector<std::string>& command, const RunAs& who, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) Fail("fork: " + std::system_category().message(errno));
  if (child > 0) return child;
  // Only what is allowed between fork() and exec(). A change of user forgets the death signal, so
  // that one comes last; and the parent may have died before.
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  const bool is_root = ::getuid() == 0;
  if (is_root && (::setgid(who.group) != 0 || ::setuid(who.user) != 0)) ::_exit(126);
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

bool HasEnded(pid_t process) {
  return ::waitpid(process, nullptr, WNOHANG) == process;
}

std::optional<pid_t> ParentOf(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t after_name = text.rfind(')');  // "PID (NAME) STATE PARENT ..."
  if (after_name == std::string::npos || text.size() < after_name + 5) return std::nullopt;
  pid_t parent = 0;
  const char* const begin = text.data() + after_name + 4;
  std::from_chars(begin, text.data() + text.size(), parent);
  return parent;
}

std::string TextOf(const std::string& file_name) {
  std::ifstream file(file_name);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

bool PostgresServer::IsInstalled() {
  return !ProgramFolder().empty();
}

PostgresServer& PostgresServer::Shared() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer() {
  folder_ = "/tmp/tocsin-postgres-XXXXXX";
  if (::mkdtemp(folder_.data()) == nullptr)
    Fail("mkdtemp: " + std::system_category().message(errno));
  const RunAs who = UserOfServer();
  if (::chown(folder_.c_str(), who.user, who.group) != 0) Fail("chown");
  ::chmod(folder_.c_str(), 0755);
  const pid_t initdb =
      Launch({ProgramFolder() / "initdb", "--pgdata=" + folder_ + "/data", "--username=postgres",
              "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C",
              "--no-sync"},
             who, folder_ + "/initdb.log");
  int status = 0;
  if (::waitpid(initdb, &status, 0) != initdb || status != 0) {
    Fail("initdb: " + TextOf(folder_ + "/initdb.log"));
  }
  Start();
}

PostgresServer::~PostgresServer() {
  if (postmaster_ != 0) {
    for (const pid_t process : Processes()) ::kill(process, SIGKILL);
    ::waitpid(postmaster_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void PostgresServer::Start() {
  if (postmaster_ != 0) return;
  // Another program may take the port between the choice and the start.
  for (int left = 5; postmaster_ == 0; --left) {
    if (port_ == 0) port_ = FreePort();
    LaunchAndAwait();
    if (postmaster_ == 0 && left == 0) Fail("it ends at once: " + TextOf(folder_ + "/server.log"));
    if (postmaster_ == 0) port_ = 0;
  }
}

void PostgresServer::LaunchAndAwait() {
  postmaster_ = Launch({ProgramFolder() / "postgres", "-D", folder_ + "/data", "-k", folder_, "-h",
                        "127.0.0.1", "-p", std::to_string(port_), "-c", "fsync=off", "-c",
                        "full_page_writes=off", "-c", "shared_buffers=32MB"},
                       UserOfServer(), folder_ + "/server.log");
  const bool answered = AwaitThat([this] {
    if (HasEnded(postmaster_)) {
      postmaster_ = 0;
      return true;
    }
    const std::string where = "host=" + folder_ + " port=" + std::to_string(port_);
    return PQping((where + " user=postgres dbname=postgres").c_str()) == PQPING_OK;
  });
  if (!answered) Fail("it does not answer: " + TextOf(folder_ + "/server.log"));
}

void PostgresServer::Stop() {
  if (postmaster_ == 0) return;
  ::kill(postmaster_, SIGINT);  // "Fast": sessions are ended, not waited for.
  if (!AwaitThat([this] { return HasEnded(postmaster_); })) Fail("it does not stop");
  postmaster_ = 0;
}

std::vector<pid_t> PostgresServer::Processes() const {
  std::vector<pid_t> processes = {postmaster_};
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (ParentOf(name) == postmaster_) processes.push_back(std::stoi(name));
  }
  return processes;
}

void PostgresServer::Pause() {
  ::kill(postmaster_, SIGSTOP);  // First, so that it makes no more processes.
  for (const pid_t process : Processes()) ::kill(process, SIGSTOP);
}

void PostgresServer::Resume() {
  for (const pid_t process : Processes()) ::kill(process, SIGCONT);
}

std::string PostgresServer::Execute(const std::string& statements) const {
  const std::string where =
      "host=" + folder_ + " port=" + std::to_string(port_) +
      " user=postgres dbname=postgres application_name=test options='-c client_min_messages=error'";
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(where.c_str()),
                                                                &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) Fail(PQerrorMessage(connection.get()));
  const std::unique_ptr<PGresult, decltype(&PQclear)> answer(
      PQexec(connection.get(), statements.c_str()), &PQclear);
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    Fail(PQresultErrorMessage(answer.get()));
  return PQntuples(answer.get()) > 0 ? PQgetvalue(answer.get(), 0, 0) : "";
}

bool PostgresServer::Await(const std::string& statement, const std::string& expected) const {
  return AwaitThat([&] { return Execute(statement) == expected; });
}

boost::test_tools::assertion_result NeedsPostgres(boost::unit_test::test_unit_id /*test*/) {
  boost::test_tools::assertion_result installed = PostgresServer::IsInstalled();
  if (!installed) installed.message() << "PostgreSQL's server is not installed";
  return installed;
}

}  // namespace tocsin
