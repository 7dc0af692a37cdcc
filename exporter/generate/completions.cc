#include "exporter/generate/completions.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "collectors/registry.h"
#include "exporter/check_rules.h"

namespace tocsin::generate {
namespace {

constexpr std::string_view kWrittenBy = "# Written by `tocsin generate completions`.\n";

/// What may stand in the place of a value.
struct Choice {
  enum class Kind { kAny, kFile, kFolder, kWords };
  Kind kind = Kind::kAny;
  std::vector<std::string> words;
};

bool IsNamed(const OptionDescription& option, std::string_view name) {
  return std::find(option.names.begin(), option.names.end(), name) != option.names.end();
}

std::vector<std::string> CollectorNames() {
  std::vector<std::string> names;
  for (const auto& collector : collectors::AllCollectors()) names.emplace_back(collector.name);
  return names;
}

/// The choice for an option or argument of the command `path`.
Choice ChoiceFor(std::string_view path, const OptionDescription& option) {
  using enum Choice::Kind;
  if (option.value == "FILE") return {kFile, {}};
  if (option.value == "FOLDER") return {kFolder, {}};
  if (option.value == "LEVEL") return {kWords, {"debug", "info", "warn", "error"}};
  if (IsNamed(option, "--log.format")) return {kWords, {"logfmt", "json"}};
  if (IsNamed(option, "--output") && option.value == "FORMAT") return {kWords, {"table", "json"}};
  if (IsNamed(option, "--lint")) {
    std::vector<std::string> checks = LintCheckNames();
    checks.insert(checks.begin(), {"all", "none"});
    return {kWords, std::move(checks)};
  }
  if (path == "collectors" && option.names.empty()) return {kWords, CollectorNames()};
  return {};
}

/// A command and the words that lead to it: "", "check", "check config".
struct Place {
  std::string path;
  const CommandDescription& command;
};

void AddPlaces(const std::string& path, const CommandDescription& command,
               std::vector<Place>& places) {
  places.push_back({path, command});
  for (const CommandDescription& below : command.commands) {
    AddPlaces(path.empty() ? below.name : path + " " + below.name, below, places);
  }
}

std::vector<Place> PlacesOf(const CommandDescription& tocsin) {
  std::vector<Place> places;
  AddPlaces("", tocsin, places);
  return places;
}

std::vector<std::string> CommandNames(const CommandDescription& command) {
  std::vector<std::string> names;
  for (const CommandDescription& below : command.commands) names.push_back(below.name);
  return names;
}

std::string Replaced(std::string_view text, std::string_view letters, std::string_view before) {
  std::string replaced;
  for (const char letter : text) {
    if (letters.find(letter) != std::string_view::npos) replaced += before;
    replaced += letter;
  }
  return replaced;
}

/// For bash and zsh, where nothing is special between single quotes.
std::string ShellQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char letter : text) quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
  return quoted + "'";
}

std::string FishQuoted(std::string_view text) {
  return "'" + Replaced(text, "\\'", "\\") + "'";
}

constexpr std::string_view kBashRest = R"bash(
_tocsin() {
  local current=${COMP_WORDS[COMP_CWORD]} command='' awaits='' word kind index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; ++index)); do
    word=${COMP_WORDS[index]}
    if [[ $word == = ]]; then
      continue  # bash makes three words of --option=value.
    elif [[ -n $awaits ]]; then
      awaits=''
    elif [[ $word == -* ]]; then
      [[ -z $(_tocsin_value "$command:$word") ]] || awaits=$word
    elif [[ " $(_tocsin_commands "$command") " == *" $word "* ]]; then
      command=${command:+$command }$word
    fi
  done
  [[ $current != = ]] || current=''
  if [[ -n $awaits ]]; then
    kind=$(_tocsin_value "$command:$awaits")
  elif [[ $current == -* ]]; then
    kind="words $(_tocsin_options "$command")"
  else
    kind=$(_tocsin_value "$command:")
    [[ -n $kind ]] || kind="words $(_tocsin_commands "$command")"
  fi
  case $kind in
    words*) mapfile -t COMPREPLY < <(compgen -W "${kind#words }" -- "$current") ;;
    file) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
  esac
  if [[ $kind == file || $kind == folder ]]; then
    compopt -o filenames 2>/dev/null
  fi
}

complete -F _tocsin tocsin
)bash";

std::string BashKind(const Choice& choice) {
  switch (choice.kind) {
    case Choice::Kind::kFile: return "file";
    case Choice::Kind::kFolder: return "folder";
    case Choice::Kind::kWords: return fmt::format("words {}", fmt::join(choice.words, " "));
    case Choice::Kind::kAny: break;
  }
  return "any";
}

std::string BashCase(std::string_view pattern, std::string_view answer) {
  return fmt::format("    {}) echo {} ;;\n", pattern, ShellQuoted(answer));
}

/// Which values follow which options, by value. "check config:" has what the arguments are.
std::string BashValues(const std::vector<Place>& places) {
  std::map<std::string, std::vector<std::string>> keys;
  for (const Place& place : places) {
    for (const OptionDescription& option : place.command.options) {
      if (option.value.empty()) continue;
      for (const std::string& name : option.names) {
        keys[BashKind(ChoiceFor(place.path, option))].push_back(
            ShellQuoted(place.path + ":" + name));
      }
    }
    for (const OptionDescription& argument : place.command.arguments) {
      keys[BashKind(ChoiceFor(place.path, argument))].push_back(ShellQuoted(place.path + ":"));
      break;  // No command has different arguments.
    }
  }
  std::string cases;
  for (const auto& [answer, patterns] : keys) {
    cases += BashCase(fmt::format("{}", fmt::join(patterns, " | \\\n      ")), answer);
  }
  return cases;
}

std::string Bash(const std::vector<Place>& places) {
  std::string commands;
  std::string options;
  for (const Place& place : places) {
    const std::string pattern = ShellQuoted(place.path);
    if (!place.command.commands.empty()) {
      commands += BashCase(pattern, fmt::format("{}", fmt::join(CommandNames(place.command), " ")));
    }
    std::vector<std::string> names;
    for (const OptionDescription& option : place.command.options) {
      names.insert(names.end(), option.names.begin(), option.names.end());
    }
    options += BashCase(pattern, fmt::format("{}", fmt::join(names, " ")));
  }
  return fmt::format(
      "# shellcheck shell=bash\n{}\n"
      "# The commands below the command $1.\n"
      "_tocsin_commands() {{\n  case $1 in\n{}  esac\n}}\n\n"
      "# The options of the command $1.\n"
      "_tocsin_options() {{\n  case $1 in\n{}  esac\n}}\n\n"
      "# What the value of an option is, or the argument of a command: $1 is COMMAND:OPTION or "
      "COMMAND:.\n"
      "_tocsin_value() {{\n  case $1 in\n{}  esac\n}}\n{}",
      kWrittenBy, commands, options, BashValues(places), kBashRest);
}

std::string ZshAction(const Choice& choice) {
  switch (choice.kind) {
    case Choice::Kind::kFile: return "_files";
    case Choice::Kind::kFolder: return "_files -/";
    case Choice::Kind::kWords: return fmt::format("({})", fmt::join(choice.words, " "));
    case Choice::Kind::kAny: break;
  }
  return "()";  // A message instead would keep zsh from completing an option in its place.
}

/// `text` inside of a specification, in which some letters are special.
std::string ZshText(std::string_view text) {
  return Replaced(text, "\\[]:", "\\");
}

std::string ZshOption(const std::string& path, const OptionDescription& option) {
  std::string rest = "[" + ZshText(option.help) + "]";
  if (!option.value.empty()) {
    rest += ":" + ZshText(option.value) + ":" + ZshAction(ChoiceFor(path, option));
  }
  std::string lines;
  for (const std::string& name : option.names) {
    std::string others = option.repeated ? "*" : fmt::format("({})", fmt::join(option.names, " "));
    // How the value of an option may stand: --output=json and --output json, -ojson and -o json.
    const std::string joins = option.value.empty() ? "" : name.starts_with("--") ? "=" : "+";
    lines +=
        fmt::format("    {} \\\n", ShellQuoted(fmt::format("{}{}{}{}", others, name, joins, rest)));
  }
  return lines;
}

std::string ZshName(std::string_view path) {
  std::string name = "_tocsin";
  if (!path.empty()) name += "_";
  for (const char letter : path) name += letter == ' ' || letter == '-' ? '_' : letter;
  return name;
}

std::string ZshBelow(const Place& place) {
  std::string text = "    '1:command:" + ZshName(place.path) + "_commands' '*::: :->below'\n";
  text +=
      "  [[ $state == below ]] || return\n  words=($line[1] \"${words[@]}\")\n  ((CURRENT += 1))\n";
  text += "  curcontext=\"${curcontext%:*:*}:tocsin-$line[1]:\"\n  case $line[1] in\n";
  for (const CommandDescription& below : place.command.commands) {
    const std::string path = place.path.empty() ? below.name : place.path + " " + below.name;
    text += fmt::format("    {}) {} ;;\n", below.name, ZshName(path));
  }
  return text + "  esac\n";
}

std::string ZshFunctions(const Place& place) {
  const CommandDescription& command = place.command;
  std::string text = fmt::format(
      "\n{}() {{\n  local curcontext=\"$curcontext\" state line\n  typeset -A opt_args\n"
      "  _arguments -C -s -S : \\\n",
      ZshName(place.path));
  for (const OptionDescription& option : command.options) text += ZshOption(place.path, option);
  if (!command.commands.empty()) {
    text += ZshBelow(place);
  } else if (command.arguments.empty()) {
    text.erase(text.size() - 3);  // The last " \\\n".
    text += "\n";
  } else {
    const OptionDescription& argument = command.arguments.front();
    text +=
        "    " +
        ShellQuoted(fmt::format("{}:{}:{}", argument.repeated ? "*" : "1", ZshText(argument.value),
                                ZshAction(ChoiceFor(place.path, argument)))) +
        "\n";
  }
  text += "}\n";
  if (command.commands.empty()) return text;
  text += fmt::format("\n{}_commands() {{\n  local commands=(\n", ZshName(place.path));
  for (const CommandDescription& below : command.commands) {
    text += "    " + ShellQuoted(below.name + ":" + Replaced(below.help, "\\:", "\\")) + "\n";
  }
  return text + "  )\n  _describe -t commands command commands\n}\n";
}

std::string Zsh(const std::vector<Place>& places) {
  std::string text = fmt::format("#compdef tocsin\n{}", kWrittenBy);
  for (const Place& place : places) text += ZshFunctions(place);
  // The file is the function, when it is loaded for the first time.
  return text +
         "\nif [[ $funcstack[1] == _tocsin ]]; then\n  _tocsin \"$@\"\nelse\n"
         "  compdef _tocsin tocsin\nfi\n";
}

std::string FishOption(const Place& place, const OptionDescription& option) {
  std::string line = "complete -c tocsin -n " + FishQuoted("__tocsin_at " + place.path);
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.value.empty()) {
    const Choice choice = ChoiceFor(place.path, option);
    switch (choice.kind) {
      case Choice::Kind::kFile: line += " -r -F"; break;
      case Choice::Kind::kFolder: line += " -x -a '(__fish_complete_directories)'"; break;
      case Choice::Kind::kWords:
        line += fmt::format(" -x -a '{}'", fmt::join(choice.words, " "));
        break;
      case Choice::Kind::kAny: line += " -x"; break;
    }
  }
  return line + " -d " + FishQuoted(option.help) + "\n";
}

std::string FishArgument(const Place& place, const OptionDescription& argument) {
  const Choice choice = ChoiceFor(place.path, argument);
  const std::string at = "complete -c tocsin -n " + FishQuoted("__tocsin_at " + place.path);
  if (choice.kind == Choice::Kind::kFile) return at + " -F\n";
  if (choice.kind != Choice::Kind::kWords) return {};
  return at + fmt::format(" -a '{}'\n", fmt::join(choice.words, " "));
}

std::string Fish(const std::vector<Place>& places) {
  std::string paths;
  std::string lines;
  for (const Place& place : places) {
    for (const CommandDescription& below : place.command.commands) {
      paths += " " + FishQuoted(place.path + " " + below.name);
      lines +=
          fmt::format("complete -c tocsin -n {} -a {} -d {}\n",
                      FishQuoted("__tocsin_at " + place.path), below.name, FishQuoted(below.help));
    }
    for (const OptionDescription& option : place.command.options)
      lines += FishOption(place, option);
    for (const OptionDescription& argument : place.command.arguments) {
      lines += FishArgument(place, argument);
    }
  }
  return fmt::format(
      "{}\n"
      "function __tocsin_at --description 'Whether what is typed has come to this command'\n"
      "    set -l path\n"
      "    set -l words (commandline -opc)\n"
      "    for word in $words[2..-1]\n"
      "        switch \"$path $word\"\n"
      "            case{}\n"
      "                set path (string trim -- \"$path $word\")\n"
      "        end\n"
      "    end\n"
      "    test \"$path\" = \"$argv\"\n"
      "end\n\n"
      "complete -c tocsin -f\n{}",
      kWrittenBy, paths, lines);
}

}  // namespace

std::vector<GeneratedFile> GenerateCompletions(const CommandDescription& tocsin) {
  const std::vector<Place> places = PlacesOf(tocsin);
  return {{"tocsin.bash", Bash(places)}, {"_tocsin", Zsh(places)}, {"tocsin.fish", Fish(places)}};
}

}  // namespace tocsin::generate
