// tocsin: start reading here. This file only says what each command line does;
// exporter/application.cc puts the serving parts together, in the order in which data flows.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/allocator.h"
#include "base/clock.h"
#include "base/log.h"
#include "exporter/alert_commands.h"
#include "exporter/application.h"
#include "exporter/check_rules.h"
#include "exporter/command_description.h"
#include "exporter/command_line.h"
#include "exporter/commands.h"
#include "exporter/config.h"
#include "exporter/generate/generate.h"
#include "exporter/log_mistakes.h"
#include "exporter/query_command.h"
#include "exporter/quickstart.h"
#include "exporter/replay_command.h"
#include "exporter/service_manager.h"
#include "exporter/signals.h"
#include "exporter/socket_activation.h"
#include "exporter/test_notify.h"
#include "exporter/test_rules.h"
#include "exporter/version.h"

namespace tocsin {
namespace {

bool IsQuickstart(const ServeFlags& flags) {
  return flags.config.empty();
}

/// The configuration, with what the command line says in its place.
Result<Config> Load(const ServeFlags& flags) {
  Result<Config> config = IsQuickstart(flags) ? ParseConfig(QuickstartText(), kQuickstartName)
                                              : LoadConfig(flags.config);
  if (!config) return config;
  if (!flags.listen.empty()) config->server.listen = flags.listen;
  if (flags.storage_path) {
    config->storage.path = *flags.storage_path == kNoStorage ? "" : *flags.storage_path;
  }
  return config;
}

/// Reloads as often as asked; returns when asked to stop.
void ServeUntilStopped(Application& application, const Signals& signals,
                       const ServiceManager& manager) {
  const std::string serving = "serving http://" + application.addresses().front();
  manager.TellReady(serving);
  while (signals.Wait() == Signals::Request::kReload) {
    manager.TellReloading();
    const Status done = application.Reload();  // It has logged what was wrong; the old one stays.
    manager.TellReady(done ? serving : serving + "; the new configuration was refused");
  }
  manager.TellStopping();
}

/// The sockets that were handed over, from now on the addresses of `flags` too.
Result<std::vector<Listener>> TakeSockets(ServeFlags& flags) {
  Result<std::vector<Listener>> sockets = TakeHandedOverSockets();
  if (!sockets || sockets->empty()) return sockets;
  if (!flags.listen.empty()) {
    return Error{ErrorCode::kInvalidInput,
                 "--listen does not go with sockets that were handed over (LISTEN_FDS)"};
  }
  for (const Listener& socket : *sockets) flags.listen.push_back(socket.address);
  return sockets;
}

/// Whoever started us may have closed standard input, output or error. Then the next file or socket
/// to be opened would get that number, and whatever is printed would be written into it.
bool OpenStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0) continue;
    if (open("/dev/null", O_RDWR) != stream) return false;  // The lowest free number.
  }
  return true;
}

int Fail(const Log& log, const Error& error) {
  LogMistakes(log, "cannot start", error);
  return EXIT_FAILURE;
}

int Run(ServeFlags flags) {
  const Signals signals;  // Before any thread, so that all of them leave signals to this one.
  // Before anything opens a file, which could get a number that is meant for a socket.
  Result<std::vector<Listener>> sockets = TakeSockets(flags);
  const ServiceManager manager(
      std::getenv("NOTIFY_SOCKET"));  // NOLINT(concurrency-mt-unsafe): there is one thread yet.
  const Log log(flags.log_level, flags.log_format);
  const SystemClock clock;
  if (!sockets) return Fail(log, sockets.error());
  if (!sockets->empty()) log.Info("sockets were handed over: server.listen is not used");

  std::unique_ptr<DemoProcess> demo;
  if (IsQuickstart(flags)) {
    AnnounceQuickstart(log, program_invocation_name);
    Result<std::unique_ptr<DemoProcess>> started = DemoProcess::Start(QuickstartDemoFolder());
    if (!started) return Fail(log, started.error());
    demo = std::move(*started);
    if (const Status written = WriteQuickstartRules(); !written) return Fail(log, written.error());
  }

  const auto application = Application::Start(
      {.load = [&flags] { return Load(flags); },
       .config_name = IsQuickstart(flags) ? std::string(kQuickstartName) : flags.config.string(),
       .demo = IsQuickstart(flags)},
      clock, log, std::move(*sockets));
  if (!application) return Fail(log, application.error());

  ServeUntilStopped(**application, signals, manager);
  log.Info("stopping");
  signals.GiveBack();
  const auto deadline = std::chrono::steady_clock::now() + Application::kStopBudget;
  if (demo != nullptr) demo->RequestStop();  // It ends while the rest is stopped.
  const bool stopped = (*application)->Stop(deadline);
  if (demo != nullptr) demo->Stop(deadline);
  if (!stopped) {
    log.Warn("a collector hangs, leaving it behind");
    std::_Exit(EXIT_SUCCESS);
  }
  log.Info("stopped");
  return EXIT_SUCCESS;
}

int Run(const CheckConfigFlags& flags) {
  return CheckConfig(flags);
}

int Run(const CheckMetricsFlags& flags) {
  return CheckMetrics(flags);
}

int Run(const CheckRulesFlags& flags) {
  return CheckRules(flags);
}

int Run(const CheckExprFlags& flags) {
  return CheckExpressions(flags);
}

int Run(const TestRulesFlags& flags) {
  return TestRules(flags);
}

int Run(const ReplayFlags& flags) {
  return RunReplay(flags);
}

int Run(const QueryFlags& flags) {
  return RunQuery(flags);
}

int Run(const TestNotifyFlags& flags) {
  return TestNotify(flags);
}

int Run(const AlertsFlags& flags) {
  return ListAlerts(flags);
}

int Run(const SilenceAddFlags& flags) {
  return AddSilence(flags);
}

int Run(const SilenceListFlags& flags) {
  return ListSilences(flags);
}

int Run(const SilenceExpireFlags& flags) {
  return ExpireSilences(flags);
}

int Run(const CollectorsFlags& flags) {
  return ListCollectors(flags);
}

int Run(const generate::GenerateFlags& flags) {
  return generate::Generate(flags);
}

int Run(const HealthcheckFlags& flags) {
  return Healthcheck(flags);
}

int Run(const DemoFlags& flags) {
  return flags.revive ? ReviveDemo(flags) : PlayDemo(flags);
}

int Run(const VersionFlags&) {
  std::cout << "tocsin " << Version() << " (" << Revision() << ")\n";
  return EXIT_SUCCESS;
}

int Run(const HelpFlags& flags) {
  std::cout << flags.text;
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace tocsin

// What a library throws through here can only be a lack of memory: ending is the answer to that.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
  if (!tocsin::OpenStandardStreams()) return EXIT_FAILURE;
  tocsin::SetUpAllocator();
  const std::span<const char* const> arguments(argv, static_cast<std::size_t>(argc));
  const auto words = arguments.subspan(argc > 0 ? 1 : 0);
  const auto command = tocsin::ParseCommandLine(words);
  if (!command) {
    std::cerr << "tocsin: " << command.error().message << "\nTry '" << tocsin::CommandNamedBy(words)
              << " --help'.\n";
    return 2;
  }
  const int status = std::visit([](const auto& flags) { return tocsin::Run(flags); }, *command);
  if (std::cout.flush()) return status;
  std::cerr << "tocsin: standard output cannot be written\n";
  return EXIT_FAILURE;
}
