// What `tocsin serve` does without a configuration: watch a demo that it plays itself.

#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace tocsin {

/// The configuration that stands in for a missing one: the text of examples/quickstart.yaml.
/// Paths in it are relative to the working directory.
extern const std::string_view kQuickstartConfig;

/// That text, and what rings: Dagster's rule pack, impatient as a demo should be, and a receiver
/// that writes critical alerts to standard output.
std::string QuickstartText();

/// Writes the rule pack that QuickstartText() names, as it is built in. Fails as ReplaceFile()
/// does.
Status WriteQuickstartRules();

/// What that text is called in messages.
inline constexpr std::string_view kQuickstartName = "quickstart.yaml";

/// Where the quickstart's demo plays, as kQuickstartConfig says: "data/quickstart/dagster".
std::filesystem::path QuickstartDemoFolder();

/// Says in a few loud lines that what follows is demo data, how to bring the dead daemon back, and
/// how to watch something real. `program` is how this program was called, so that what is said can
/// be typed.
void AnnounceQuickstart(const Log& log, std::string_view program);

/// A child process `tocsin demo --folder FOLDER`, from the program that is running now. It ends
/// with this object, and also when the parent is killed. One thread at a time.
class DemoProcess {
 public:
  /// Returns when the demo's files are there. Fails with kInvalidInput if a demo already plays in
  /// that folder, with kUnavailable if the child cannot be started, ends at once or takes over 30
  /// s. Must be called from a thread that lives as long as the demo shall: Linux ends it with that
  /// thread.
  static Result<std::unique_ptr<DemoProcess>> Start(const std::filesystem::path& folder);

  /// Stops the child if that has not been done, by force after 3 s.
  ~DemoProcess();
  DemoProcess(const DemoProcess&) = delete;
  DemoProcess& operator=(const DemoProcess&) = delete;

  /// Tells the child to stop.
  void RequestStop();
  /// Stops the child, by force at the deadline, and waits for its end. May be called again.
  void Stop(std::chrono::steady_clock::time_point deadline);

  pid_t pid() const { return pid_; }

 private:
  DemoProcess(pid_t pid, int output) : pid_(pid), output_(output) {}

  bool AwaitEnd(std::chrono::steady_clock::time_point deadline) const;

  const pid_t pid_;
  bool asked_ = false;
  bool ended_ = false;  ///< And waited for: from then on `pid_` may be another process.
  const int output_;    ///< The reading end of the child's standard output, a pipe.
};

/// For DemoOptions::started in `tocsin demo`: writes the line that DemoProcess waits for to
/// standard output.
void ReportDemoStarted();

}  // namespace tocsin
