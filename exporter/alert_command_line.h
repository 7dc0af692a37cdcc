// The command lines of `tocsin alerts` and `tocsin silence`.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "exporter/command_line.h"
#include "exporter/declared_command.h"

namespace tocsin {

/// Declares these commands, and holds what the parser fills in. Outlives the parsing.
class AlertCommands {
 public:
  using Command = DeclaredCommand;

  /// Adds them to `app`. Once.
  std::vector<Command> AddTo(CLI::App& app);

 private:
  Command AddAlerts(CLI::App& app);
  Command AddSilenceAdd(CLI::App& silence);
  Command AddSilenceList(CLI::App& silence);
  Command AddSilenceExpire(CLI::App& silence);
  Result<CommandLine> SilenceAddAnswer();

  AlertsFlags alerts_;
  SilenceAddFlags silence_add_;
  SilenceListFlags silence_list_;
  SilenceExpireFlags silence_expire_;
  std::string output_ = "table";
  std::string duration_ = "1h";
};

}  // namespace tocsin
