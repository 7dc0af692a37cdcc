#include "exporter/command_description.h"

#include <algorithm>
#include <string_view>

#include <CLI/CLI.hpp>

namespace tocsin {
namespace {

OptionDescription Describe(const CLI::Option& option) {
  OptionDescription described;
  for (const std::string& name : option.get_snames()) described.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) described.names.push_back("--" + name);
  // CLI11 gives a flag a type, too.
  if (option.get_items_expected_max() > 0) described.value = option.get_type_name();
  described.help = option.get_description();
  described.required = option.get_required();
  described.repeated = option.get_items_expected_max() > 1;
  return described;
}

}  // namespace

CommandDescription Describe(const CLI::App& app) {
  CommandDescription described{app.get_name(), app.get_description(), {}, {}, {}};
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_group().empty()) continue;
    auto& home = option->nonpositional() ? described.options : described.arguments;
    home.push_back(Describe(*option));
  }
  for (const CLI::App* const command : app.get_subcommands([](const CLI::App* one) {
         return !one->get_group().empty() && !one->get_name().empty();
       })) {
    described.commands.push_back(Describe(*command));
  }
  return described;
}

std::string CommandNamedBy(std::span<const char* const> arguments) {
  const CommandDescription root = DescribeCommandLine();
  const CommandDescription* command = &root;
  std::string name = root.name;
  for (const std::string_view word : arguments) {
    const auto found = std::ranges::find(command->commands, word, &CommandDescription::name);
    if (found == command->commands.end()) break;
    command = &*found;
    name.append(" ").append(word);
  }
  return name;
}

}  // namespace tocsin
