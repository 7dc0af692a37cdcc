#include "exporter/quickstart.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "exporter/demo/demo.h"
#include "exporter/generate/catalogue.h"

namespace tocsin {

const std::string_view kQuickstartConfig =
    R"yaml(# What `tocsin serve` runs without a configuration of its own; its paths are then relative to the
# working directory. The Dagster that it watches is played by `tocsin demo`; docs/quickstart.md tells
# how to watch a real one. To begin with this file, copy it out of examples/: the paths in a file are
# relative to the folder of that file.

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

constexpr std::string_view kPack = "dagster.yaml";
constexpr std::string_view kRulesFile = "data/quickstart/alerts/dagster.yaml";

/// Not in kQuickstartConfig, which is to be begun with: there the rules are a file of one's own.
constexpr std::string_view kBell = R"yaml(
global: {evaluation_interval: 5s}
rules: {expose: false}
rule_policies:
  - {alert: DagsterDaemonUnavailable, for: 15s, keep_firing_for: 15s}
  - {alert: DagsterDaemonHeartbeatLate, for: 15s, keep_firing_for: 15s}
notify:
  route:
    receiver: nobody
    routes:
      - matchers: ['severity="critical"']
        receiver: terminal
        group_by: [alertname]
        group_wait: 0s
        group_interval: 5s
  receivers:
    - {name: nobody}
    - {name: terminal, stdout_configs: [{}]}
)yaml";

constexpr int kCannotStart = 127;  // The shell's word for it.
constexpr std::string_view kStartedLine = "demo started\n";
constexpr std::chrono::seconds kStartPatience(30);
constexpr std::chrono::seconds kStopPatience(3);

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

/// Appends what comes next from a pipe to `said`; false at its end, and at the deadline.
bool ReadOn(int pipe, std::chrono::steady_clock::time_point deadline, std::string& said) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting = {pipe, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    std::array<char, 64> buffer{};
    const ssize_t size = read(pipe, buffer.data(), buffer.size());
    if (size <= 0) return false;
    said.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }
}

/// Waits for the child's line; false if the child ended without it or took too long.
bool AwaitStarted(int pipe) {
  const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
  std::string said;
  while (said != kStartedLine) {
    if (!ReadOn(pipe, deadline, said)) return false;
  }
  return true;
}

}  // namespace

std::string QuickstartText() {
  return fmt::format("{}\nrule_files: [{}]{}", kQuickstartConfig, kRulesFile, kBell);
}

Status WriteQuickstartRules() {
  const std::filesystem::path file = kRulesFile;
  std::error_code problem;
  std::filesystem::create_directories(file.parent_path(), problem);
  if (problem) return Failed(file.parent_path().string(), problem.value());
  const auto packs = generate::RulePacks();
  const auto pack = std::ranges::find(packs, kPack, &generate::EmbeddedFile::name);
  return ReplaceFile(file, pack->text);
}

std::filesystem::path QuickstartDemoFolder() {
  return "data/quickstart/dagster";
}

void AnnounceQuickstart(const Log& log, std::string_view program) {
  log.Warn(
      "THIS IS DEMO DATA: no configuration was given, so tocsin watches a Dagster that it plays",
      {{"folder", QuickstartDemoFolder().string()}});
  log.Warn(fmt::format(
      "its sensor daemon has died, which rings here soon; bring it back with: {} demo --revive",
      program));
  log.Warn(fmt::format("to watch a real Dagster: {} serve --config FILE, see docs/quickstart.md",
                       program));
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
  std::unique_ptr<DemoProcess> demo(new DemoProcess(pid, ends[0]));
  if (!AwaitStarted(ends[0])) {
    return Error{ErrorCode::kUnavailable, "the demo did not start; its own log says why"};
  }
  return demo;
}

DemoProcess::~DemoProcess() {
  Stop(std::chrono::steady_clock::now() + kStopPatience);
  close(output_);
}

void DemoProcess::RequestStop() {
  if (!std::exchange(asked_, true)) kill(pid_, SIGTERM);
}

void DemoProcess::Stop(std::chrono::steady_clock::time_point deadline) {
  if (ended_) return;
  RequestStop();
  if (!AwaitEnd(deadline)) kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  ended_ = true;
}

bool DemoProcess::AwaitEnd(std::chrono::steady_clock::time_point deadline) const {
  // The kernel closes the child's end of the pipe when the child ends, however it does.
  std::string said;
  while (ReadOn(output_, deadline, said)) continue;
  return std::chrono::steady_clock::now() < deadline;
}

void ReportDemoStarted() {
  std::fwrite(kStartedLine.data(), 1, kStartedLine.size(), stdout);
  std::fflush(stdout);
}

}  // namespace tocsin
