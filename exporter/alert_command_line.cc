#include "exporter/alert_command_line.h"

#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "exporter/config.h"

namespace tocsin {
namespace {

void AddServer(CLI::App& command, std::string& server) {
  server = fmt::format("http://127.0.0.1:{}", kDefaultPort);
  command
      .add_option("--server", server,
                  fmt::format("The tocsin or Alertmanager to ask (default: {})", server))
      ->type_name("URL");
}

void AddMatchers(CLI::App& command, std::vector<std::string>& matchers, bool required) {
  command.add_option("matchers", matchers, "Matchers, such as alertname=Down or 'job=~\"a|b\"'")
      ->required(required)
      ->type_name("MATCHER");
}

void AddOutput(CLI::App& command, std::string& output) {
  command.add_option("-o,--output", output, "table or json (default: table)")->type_name("FORMAT");
}

template <class Flags>
Result<CommandLine> WithOutput(Flags flags, const std::string& output) {
  if (output != "table" && output != "json") {
    return Error{ErrorCode::kInvalidInput,
                 fmt::format("--output: expected table or json, got '{}'", output)};
  }
  flags.json = output == "json";
  return CommandLine(std::move(flags));
}

}  // namespace

std::vector<AlertCommands::Command> AlertCommands::AddTo(CLI::App& app) {
  Command alerts = AddAlerts(app);
  CLI::App* const silence =
      app.add_subcommand("silence", "Keep alerts quiet for some time, or no longer");
  silence->require_subcommand(1);
  return {std::move(alerts), AddSilenceAdd(*silence), AddSilenceList(*silence),
          AddSilenceExpire(*silence)};
}

AlertCommands::Command AlertCommands::AddAlerts(CLI::App& app) {
  CLI::App* const command = app.add_subcommand("alerts", "List the alerts that fire");
  AddMatchers(*command, alerts_.matchers, /*required=*/false);
  command->add_option("--receiver", alerts_.receiver, "Only those that go to receivers like this")
      ->type_name("REGEX");
  command->add_flag("--active", alerts_.active_only,
                    "Without those that are silenced or inhibited");
  AddServer(*command, alerts_.server);
  AddOutput(*command, output_);
  return {command, [this] { return WithOutput(alerts_, output_); }};
}

AlertCommands::Command AlertCommands::AddSilenceAdd(CLI::App& silence) {
  CLI::App* const command =
      silence.add_subcommand("add", "Silence the alerts that match all of these");
  AddMatchers(*command, silence_add_.matchers, /*required=*/true);
  command->add_option("-d,--duration", duration_, "For how long (default: 1h)")
      ->type_name("DURATION");
  command->add_option("-m,--comment", silence_add_.comment, "Why")->required()->type_name("TEXT");
  command->add_option("-a,--author", silence_add_.author, "Who wants it (default: $USER)")
      ->type_name("NAME");
  AddServer(*command, silence_add_.server);
  return {command, [this] { return SilenceAddAnswer(); }};
}

AlertCommands::Command AlertCommands::AddSilenceList(CLI::App& silence) {
  CLI::App* const command = silence.add_subcommand("list", "List silences");
  AddMatchers(*command, silence_list_.matchers, /*required=*/false);
  command->add_flag("--expired", silence_list_.expired, "Those that have ended, too");
  AddServer(*command, silence_list_.server);
  AddOutput(*command, output_);
  return {command, [this] { return WithOutput(silence_list_, output_); }};
}

AlertCommands::Command AlertCommands::AddSilenceExpire(CLI::App& silence) {
  CLI::App* const command = silence.add_subcommand("expire", "End silences now");
  command->add_option("ids", silence_expire_.ids, "Which ones")->required()->type_name("ID");
  AddServer(*command, silence_expire_.server);
  return {command, [this] { return CommandLine(silence_expire_); }};
}

Result<CommandLine> AlertCommands::SilenceAddAnswer() {
  const Result<Duration> duration = ParseDuration(duration_);
  if (!duration) return duration.error().Within("--duration");
  if (*duration <= Duration(0)) {
    return Error{ErrorCode::kInvalidInput, "--duration: expected more than 0"};
  }
  silence_add_.duration = *duration;
  return CommandLine(silence_add_);
}

}  // namespace tocsin
