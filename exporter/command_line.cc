#include "exporter/command_line.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "exporter/config.h"
#include "exporter/quickstart.h"

namespace tocsin {
namespace {

constexpr const char* kSummary =
    "tocsin watches data platforms from outside and serves what it sees to Prometheus.\n"
    "Without a command it serves; without a configuration it serves a demo.";

constexpr const char* kFooter =
    "Start here:\n"
    "  tocsin                            a demo, at http://127.0.0.1:10061\n"
    "  tocsin collectors                 what can be watched, and how to say so\n"
    "  tocsin check config tocsin.yaml   mistakes, with line and column\n"
    "  tocsin --config tocsin.yaml       watch\n"
    "\n"
    "SIGHUP or POST /-/reload reads the configuration again; SIGTERM stops.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 lint findings (check metrics).\n";

constexpr std::string_view kReadyPath = "/-/ready";

/// `url`, or where readiness is asked for if it names a server only.
std::string WithPath(std::string url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t end = url.find_first_of("/?#", host);
  if (end == std::string::npos) return url.append(kReadyPath);
  if (end + 1 == url.size() && url[end] == '/') return url.replace(end, 1, kReadyPath);
  return url;
}

/// The parser with everything that it fills in. Lives for one command line.
class Parser {
 public:
  Parser() : app_(kSummary, "tocsin") {
    app_.footer(kFooter);
    app_.set_help_flag("-h,--help", "Print this; after a command, help on it");
    app_.add_flag("--version", version_, "Print the version");
    app_.require_subcommand(0, 1);
    AddServeOptions(app_);
    AddServe();
    AddCheck();
    AddCollectors();
    AddHealthcheck();
    AddDemo();
  }

  Result<CommandLine> Parse(std::span<const char* const> arguments) {
    std::vector<std::string> words(arguments.begin(), arguments.end());
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back.
    try {
      app_.parse(words);
    } catch (const CLI::CallForHelp&) {
      return CommandLine(HelpFlags{app_.help()});
    } catch (const CLI::ParseError& problem) {  // CLI11 throws; nothing of ours does.
      return Error{ErrorCode::kInvalidInput, problem.what()};
    }
    if (version_) return CommandLine(VersionFlags{});
    for (const Command& command : commands_) {
      if (!command.app->parsed()) continue;
      if (const std::string stray = StrayOption(); !stray.empty()) {
        return Error{ErrorCode::kInvalidInput,
                     fmt::format("{} does not go with '{}'", stray, command.app->get_name())};
      }
      return command.answer();
    }
    return ServeAnswer();
  }

 private:
  struct Command {
    CLI::App* app;
    std::function<Result<CommandLine>()> answer;
  };

  /// Serving is the default command, so its options are there with and without its name.
  void AddServeOptions(CLI::App& command) {
    command.add_option("-c,--config", serve_.config, "The configuration file (default: a demo)")
        ->type_name("FILE");
    command
        .add_option("--listen", serve_.listen,
                    "Listen here, not where the configuration says; may be repeated")
        ->type_name("ADDRESS:PORT")
        ->take_all()
        ->allow_extra_args(false);
    command
        .add_option("--storage.path", serve_.storage_path,
                    "Keep state in this folder, not in the configuration's; :memory: keeps none")
        ->type_name("FOLDER");
    command.add_option("--log.level", log_level_, "debug, info, warn or error (default: info)")
        ->type_name("LEVEL");
    command.add_option("--log.format", log_format_, "logfmt or json (default: logfmt)")
        ->type_name("FORMAT");
  }

  void AddServe() {
    CLI::App* const serve = app_.add_subcommand("serve", "Watch and serve until told to stop");
    AddServeOptions(*serve);
  }

  void AddCheck() {
    CLI::App* const check = app_.add_subcommand("check", "Check files without starting anything");
    check->require_subcommand(1);
    CLI::App* const config = check->add_subcommand("config", "Check configuration files");
    config->add_option("files", check_config_.files, "The files")->required()->type_name("FILE");
    CLI::App* const metrics = check->add_subcommand(
        "metrics", "Check metrics in the text format, as promtool check metrics does");
    metrics->add_option("file", check_metrics_.file, "The file (default: - for standard input)")
        ->type_name("FILE");
    commands_.push_back({config, [this] { return CommandLine(check_config_); }});
    commands_.push_back({metrics, [this] { return CommandLine(check_metrics_); }});
  }

  void AddCollectors() {
    CLI::App* const list =
        app_.add_subcommand("collectors", "List what can be watched, or the details of one");
    list->add_option("name", collectors_.name, "One of them: its options and its metrics")
        ->type_name("NAME");
    commands_.push_back({list, [this] { return CommandLine(collectors_); }});
  }

  void AddHealthcheck() {
    healthcheck_.url = fmt::format("http://127.0.0.1:{}{}", kDefaultPort, kReadyPath);
    CLI::App* const check = app_.add_subcommand(
        "healthcheck", "Ask a running tocsin whether it is ready; for container health checks");
    check
        ->add_option("--url", healthcheck_.url,
                     fmt::format("What to ask (default: {}); a URL without a path gets {}",
                                 healthcheck_.url, kReadyPath))
        ->type_name("URL");
    commands_.push_back(
        {check, [this] { return CommandLine(HealthcheckFlags{WithPath(healthcheck_.url)}); }});
  }

  void AddDemo() {
    demo_.folder = QuickstartDemoFolder();
    CLI::App* const demo =
        app_.add_subcommand("demo", "Play the Dagster instance that the demo watches");
    demo->add_option("--folder", demo_.folder,
                     fmt::format("Where its files are (default: {})", demo_.folder.string()))
        ->type_name("FOLDER");
    demo->add_flag("--revive", demo_.revive, "Bring its dead daemon back to life, and be done");
    commands_.push_back({demo, [this] { return CommandLine(demo_); }});
  }

  Result<CommandLine> ServeAnswer() {
    const Result<LogLevel> level = ParseLogLevel(log_level_);
    if (!level) return level.error().Within("--log.level");
    const Result<LogFormat> format = ParseLogFormat(log_format_);
    if (!format) return format.error().Within("--log.format");
    serve_.log_level = *level;
    serve_.log_format = *format;
    return CommandLine(serve_);
  }

  /// An option of serving that stands before another command, where it would do nothing.
  std::string StrayOption() const {
    for (const CLI::Option* const option : app_.get_options()) {
      if (option->count() > 0) return option->get_name();
    }
    return {};
  }

  CLI::App app_;
  std::vector<Command> commands_;  ///< All but serving.
  bool version_ = false;
  std::string log_level_ = "info";
  std::string log_format_ = "logfmt";
  ServeFlags serve_;
  CheckConfigFlags check_config_;
  CheckMetricsFlags check_metrics_;
  CollectorsFlags collectors_;
  HealthcheckFlags healthcheck_;
  DemoFlags demo_;
};

}  // namespace

Result<CommandLine> ParseCommandLine(std::span<const char* const> arguments) {
  return Parser().Parse(arguments);
}

}  // namespace tocsin
