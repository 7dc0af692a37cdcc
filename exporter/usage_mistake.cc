#include "exporter/usage_mistake.h"

#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/nearest_word.h"

namespace tocsin {
namespace {

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* const command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* const option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string Hint(std::string_view word, const std::vector<std::string>& names) {
  return DidYouMean(word, {names.begin(), names.end()});
}

/// `words` are those that `app` knows nothing of, in their order.
std::string UnknownWords(const CLI::App& app, const std::vector<std::string>& words) {
  const std::string& first = words.front();
  if (first.starts_with('-')) {
    const std::string name = first.substr(0, first.find('='));
    return fmt::format("there is no option {}{}", name, Hint(name, OptionNames(app)));
  }
  const std::vector<std::string> commands = CommandNames(app);
  if (commands.empty()) return fmt::format("'{}' is one argument too many", first);
  return fmt::format("there is no command '{}'{}", first, Hint(first, commands));
}

/// The command that knows nothing of some word, and null if all are known.
const CLI::App* FindPuzzled(const CLI::App& app) {
  if (!app.remaining().empty()) return &app;
  for (const CLI::App* const command : app.get_subcommands()) {
    if (const CLI::App* const puzzled = FindPuzzled(*command)) return puzzled;
  }
  return nullptr;
}

}  // namespace

std::string UsageMistake(const CLI::App& app, const CLI::ParseError& problem) {
  const CLI::App* const puzzled = FindPuzzled(app);
  return puzzled == nullptr ? problem.what() : UnknownWords(*puzzled, puzzled->remaining());
}

}  // namespace tocsin
