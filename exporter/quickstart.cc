#include "exporter/quickstart.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "exporter/demo/demo.h"

namespace tocsin {

const std::string_view kQuickstartConfig =
    R"yaml(# What `tocsin serve` runs without a configuration of its own. The Dagster that it watches is played
# by `tocsin demo`; docs/quickstart.md tells how to watch a real one.

server:
  listen: 127.0.0.1:10061

storage:
  path: data/quickstart

collectors:
  - type: dagster
    name: demo
    interval: 5s
    timeout: 4s
    labels: {environment: demo}
    sqlite:
      dagster_home: data/quickstart/dagster
    required_daemons: [SENSOR, BACKFILL, SCHEDULER, QUEUED_RUN_COORDINATOR]
    assets: [sales/orders]
)yaml";

namespace {

constexpr int kCannotStart = 127;  // The shell's word for it.
constexpr std::string_view kStartedLine = "demo started\n";
constexpr std::chrono::seconds kStartPatience(30);
constexpr std::chrono::seconds kStopPatience(3);
constexpr std::chrono::milliseconds kStopPoll(10);

Error Failed(std::string_view attempt, int number) {
  return {ErrorCode::kUnavailable,
          fmt::format("{}: {}", attempt, std::generic_category().message(number))};
}

/// Runs between fork() and exec() in a program that may have threads: system calls only.
[[noreturn]] void BecomeDemo(pid_t parent, int output, char* const* arguments) {
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);  // The server may block what stops the demo.
  signal(SIGPIPE, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(kCannotStart);  // It died before the line above.
  if (dup2(output, STDOUT_FILENO) < 0) _exit(kCannotStart);
  execv("/proc/self/exe", arguments);
  _exit(kCannotStart);
}

/// Waits for the child's line; false if the child ended without it or took too long.
bool AwaitStarted(int descriptor) {
  const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
  std::string said;
  while (said != kStartedLine) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting = {descriptor, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    std::array<char, 64> buffer{};
    const ssize_t size = read(descriptor, buffer.data(), buffer.size());
    if (size <= 0) return false;
    said.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return true;
}

/// Waits for the child to end, for at most kStopPatience.
bool AwaitEnd(pid_t pid) {
  const auto deadline = std::chrono::steady_clock::now() + kStopPatience;
  while (waitpid(pid, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kStopPoll);
  }
  return true;
}

}  // namespace

std::filesystem::path QuickstartDemoFolder() {
  return "data/quickstart/dagster";
}

void AnnounceQuickstart(const Log& log) {
  log.Warn(
      "THIS IS DEMO DATA: no configuration was given, so tocsin watches a Dagster that it plays",
      {{"folder", QuickstartDemoFolder().string()}});
  log.Warn("its sensor daemon has died; bring it back with: tocsin demo --revive");
  log.Warn("to watch a real Dagster: tocsin serve --config FILE, see docs/quickstart.md");
}

Result<std::unique_ptr<DemoProcess>> DemoProcess::Start(const std::filesystem::path& folder) {
  if (IsDemoRunning(folder)) {
    return Error{ErrorCode::kInvalidInput,
                 fmt::format("a quickstart or demo is already running in {}: stop it, or start "
                             "tocsin in another folder",
                             folder.string())};
  }
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Failed("starting the demo", errno);

  std::string name = "tocsin";
  std::string command = "demo";
  std::string option = "--folder";
  std::string value = folder.string();
  const std::array<char*, 5> arguments = {name.data(), command.data(), option.data(), value.data(),
                                          nullptr};
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) BecomeDemo(parent, ends[1], arguments.data());
  const int fork_error = errno;
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return Failed("starting the demo", fork_error);
  }
  std::unique_ptr<DemoProcess> demo(new DemoProcess(pid));
  const bool started = AwaitStarted(ends[0]);
  close(ends[0]);
  if (!started) {
    return Error{ErrorCode::kUnavailable, "the demo did not start; its own log says why"};
  }
  return demo;
}

DemoProcess::~DemoProcess() {
  kill(pid_, SIGTERM);
  if (AwaitEnd(pid_)) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void ReportDemoStarted() {
  std::fwrite(kStartedLine.data(), 1, kStartedLine.size(), stdout);
  std::fflush(stdout);
}

}  // namespace tocsin
