// What the command line takes, as data: for the man page and for what shells complete.

#pragma once

#include <span>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11 is called that.
class App;
}

namespace tocsin {

/// An option or an argument.
struct OptionDescription {
  std::vector<std::string> names;  ///< "-c", "--config"; empty for an argument.
  std::string value;               ///< "FILE"; empty for a flag.
  std::string help;                ///< One line.
  bool required = false;
  bool repeated = false;  ///< May be given more than once.
};

/// A command with what it takes. The first one has tocsin's own options and those of serving, which
/// is what it does without a command.
struct CommandDescription {
  std::string name;
  std::string help;
  std::vector<OptionDescription> options;
  std::vector<OptionDescription> arguments;
  std::vector<CommandDescription> commands;
};

/// The command that `arguments` begin with, as far as they name one: "tocsin silence add".
std::string CommandNamedBy(std::span<const char* const> arguments);

/// All of tocsin's command line. Defined with it, in command_line.cc.
CommandDescription DescribeCommandLine();

/// The same of one of CLI11's commands. What it hides is left out.
CommandDescription Describe(const CLI::App& app);

}  // namespace tocsin
