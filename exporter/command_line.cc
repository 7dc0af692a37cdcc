#include "exporter/command_line.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/duration.h"
#include "exporter/alert_command_line.h"
#include "exporter/check_rules.h"
#include "exporter/command_description.h"
#include "exporter/config.h"
#include "exporter/declared_command.h"
#include "exporter/generate/command_line.h"
#include "exporter/quickstart.h"
#include "exporter/usage_mistake.h"

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
    "  tocsin query 'up'                 ask a running tocsin\n"
    "  tocsin alerts                     what fires\n"
    "  tocsin --config tocsin.yaml       watch\n"
    "\n"
    "SIGHUP or POST /-/reload reads the configuration again; SIGTERM stops.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 lint findings (check metrics,\n"
    "check rules --lint-fatal).\n";

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
    AddTest();
    AddReplay();
    AddQuery();
    AddAlertCommands();
    AddCollectors();
    AddGenerate();
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
      return Error{ErrorCode::kInvalidInput, UsageMistake(app_, problem)};
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

  CommandDescription Description() const { return Describe(app_); }

 private:
  using Command = DeclaredCommand;

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
    config->add_flag("--connect", check_config_.connect,
                     "Also connect to what the collectors watch, and tell what it thinks of the "
                     "configuration");
    CLI::App* const metrics = check->add_subcommand(
        "metrics", "Check metrics in the text format, as promtool check metrics does");
    metrics->add_option("file", check_metrics_.file, "The file (default: - for standard input)")
        ->type_name("FILE");
    commands_.push_back({config, [this] { return CommandLine(check_config_); }});
    commands_.push_back({metrics, [this] { return CommandLine(check_metrics_); }});
    AddCheckRules(*check);
    CLI::App* const expr = check->add_subcommand("expr", "Check PromQL expressions");
    expr->add_option("expressions", check_expr_.expressions,
                     "The expressions; - reads one from "
                     "standard input")
        ->required()
        ->type_name("EXPR");
    expr->add_flag("--experimental", check_expr_.experimental, "As promql.experimental: true does");
    commands_.push_back({expr, [this] { return CommandLine(check_expr_); }});
  }

  void AddCheckRules(CLI::App& check) {
    CLI::App* const rules = check.add_subcommand(
        "rules", "Check rule files, as promtool check rules does, and much more");
    rules
        ->add_option("files", check_rules_.files,
                     "The files, or globs (default: - for standard input)")
        ->type_name("FILE");
    rules
        ->add_option("--lint", lint_,
                     "What to look for in files without mistakes: all, none, or names of checks "
                     "with commas between them (default: all)")
        ->type_name("CHECKS");
    rules->add_flag("--lint-fatal", check_rules_.lint_fatal,
                    "Exit with 3 if the linter finds more than infos");
    rules->add_flag("--ignore-unknown-fields", check_rules_.ignore_unknown_fields,
                    "Take fields that Prometheus does not know");
    rules->add_flag("--experimental", check_rules_.experimental,
                    "As promql.experimental: true does");
    rules
        ->add_option("--scrape-interval", scrape_interval_,
                     "How often the metrics are collected, for promql/rate")
        ->type_name("DURATION");
    rules
        ->add_option("--server", check_rules_.server,
                     "Also ask this tocsin or Prometheus whether the metrics exist and how often "
                     "the alerts would have fired")
        ->type_name("URL");
    commands_.push_back({rules, [this] { return CheckRulesAnswer(); }});
  }

  Result<CommandLine> CheckRulesAnswer() {
    const std::vector<std::string> known = LintCheckNames();
    check_rules_.lint = lint_ != "none";
    std::istringstream words(lint_);
    for (std::string word; std::getline(words, word, ',');) {
      if (word == "all" || word == "none") {
        if (word == lint_) continue;
      } else if (std::find(known.begin(), known.end(), word) != known.end()) {
        check_rules_.checks.push_back(word);
        continue;
      }
      return Error{ErrorCode::kInvalidInput,
                   fmt::format("--lint: expected all, none, or some of {}; got '{}'",
                               fmt::join(known, ", "), lint_)};
    }
    if (scrape_interval_.empty()) return CommandLine(check_rules_);
    const Result<Duration> interval = ParseDuration(scrape_interval_);
    if (!interval) return interval.error().Within("--scrape-interval");
    check_rules_.scrape_interval = *interval;
    return CommandLine(check_rules_);
  }

  void AddTest() {
    CLI::App* const test = app_.add_subcommand("test", "Run tests");
    test->require_subcommand(1);
    CLI::App* const rules =
        test->add_subcommand("rules", "Run rule tests, as promtool test rules does");
    rules->add_option("files", test_rules_.files, "The files of tests")
        ->required()
        ->type_name("FILE");
    rules
        ->add_option("-c,--config", test_rules_.config,
                     "Test the rules with the rule_policies of this configuration")
        ->type_name("FILE");
    rules
        ->add_option("--run", test_rules_.run,
                     "Only the tests whose name this regular expression finds; may be repeated")
        ->type_name("REGEX")
        ->allow_extra_args(false);
    rules->add_flag("--diff", test_rules_.diff, "Show what differs line by line");
    rules->add_flag("--debug", test_rules_.debug, "Print all series of each test");
    rules->add_flag("--coverage", test_rules_.coverage, "List the rules that no test looks at");
    rules
        ->add_option("--junit", test_rules_.junit,
                     "Write the outcomes to this file, in JUnit's XML")
        ->type_name("FILE");
    rules->add_flag("--ignore-unknown-fields", test_rules_.ignore_unknown_fields,
                    "Take fields that nobody knows, in tests and rules");
    rules->add_flag("--experimental", test_rules_.experimental,
                    "As promql.experimental: true does");
    commands_.push_back({rules, [this] { return CommandLine(test_rules_); }});
    CLI::App* const notify = test->add_subcommand(
        "notify",
        "Send a notification that is marked as a test to a receiver, and say what came of "
        "it; no server is needed");
    notify->add_option("-c,--config", test_notify_.config, "The configuration file")
        ->required()
        ->type_name("FILE");
    notify->add_option("--receiver", test_notify_.receiver, "Its name in the configuration")
        ->required()
        ->type_name("NAME");
    commands_.push_back({notify, [this] { return CommandLine(test_notify_); }});
  }

  void AddReplay() {
    replay_.server = fmt::format("http://127.0.0.1:{}", kDefaultPort);
    CLI::App* const replay = app_.add_subcommand(
        "replay", "Tell which alerts rules would have raised over samples of the past");
    auto* const rules =
        replay->add_option("--rules", replay_.rules, "The rule files, or globs; may be repeated");
    rules->type_name("FILE");
    replay
        ->add_option("-c,--config", replay_.config,
                     "Instead of --rules: those of this configuration, with its policies, external "
                     "labels, evaluation interval, query offset and lookback delta")
        ->type_name("FILE")
        ->excludes(rules);
    auto* const server = replay->add_option(
        "--server", replay_.server,
        fmt::format("Take the samples from this tocsin or Prometheus (default: {})",
                    replay_.server));
    server->type_name("URL");
    replay
        ->add_option("--input", replay_.input,
                     "Take them from this file of metrics with times, in the text format or "
                     "OpenMetrics; - is standard input")
        ->type_name("FILE")
        ->excludes(server);
    replay
        ->add_option("--start", replay_.start,
                     "From when (default: an hour before the end; with --input, the oldest sample)")
        ->type_name("TIME");
    replay->add_option("--end", replay_.end, "To when (default: now, or the newest sample)")
        ->type_name("TIME");
    replay
        ->add_option("--interval", replay_interval_,
                     "How often groups are evaluated that do not say it (default: what the "
                     "configuration says, or 1m)")
        ->type_name("DURATION");
    replay->add_option("-o,--output", replay_output_, "table or json (default: table)")
        ->type_name("FORMAT");
    replay->add_flag("--experimental", replay_.experimental, "As promql.experimental: true does");
    commands_.push_back({replay, [this] { return ReplayAnswer(); }});
  }

  Result<CommandLine> ReplayAnswer() {
    if (replay_.rules.empty() && replay_.config.empty()) {
      return Error{ErrorCode::kInvalidInput, "replay: expected --rules or --config"};
    }
    if (!replay_interval_.empty()) {
      const Result<Duration> interval = ParseDuration(replay_interval_);
      if (!interval) return interval.error().Within("--interval");
      if (*interval <= Duration(0)) {
        return Error{ErrorCode::kInvalidInput, "--interval: expected more than 0"};
      }
      replay_.interval = *interval;
    }
    if (replay_output_ != "table" && replay_output_ != "json") {
      return Error{ErrorCode::kInvalidInput,
                   fmt::format("--output: expected table or json, got '{}'", replay_output_)};
    }
    replay_.json = replay_output_ == "json";
    if (!replay_.input.empty()) replay_.server.clear();
    return CommandLine(replay_);
  }

  void AddQuery() {
    query_.server = fmt::format("http://127.0.0.1:{}", kDefaultPort);
    CLI::App* const query =
        app_.add_subcommand("query", "Evaluate a PromQL expression and print what it gives");
    query->add_option("expression", query_.expression, "The expression")
        ->required()
        ->type_name("EXPR");
    auto* const server = query->add_option(
        "--server", query_.server,
        fmt::format("Ask this tocsin or Prometheus (default: {})", query_.server));
    server->type_name("URL");
    query
        ->add_option("--input", query_.input,
                     "Ask nobody: evaluate against this file of metrics with times, in the text "
                     "format or OpenMetrics; - is standard input")
        ->type_name("FILE")
        ->excludes(server);
    query
        ->add_option("--time", query_.time,
                     "When to evaluate (default: now; with --input, at the newest sample)")
        ->type_name("TIME");
    query->add_option("--start", query_.start, "Evaluate over a range: from here")
        ->type_name("TIME");
    query->add_option("--end", query_.end, "To here (default: now, or the newest sample)")
        ->type_name("TIME");
    query->add_option("--step", query_.step, "At this distance (default: a 60th of the range)")
        ->type_name("DURATION");
    query->add_option("-o,--output", query_output_, "table or json (default: table)")
        ->type_name("FORMAT");
    query->add_flag("--experimental", query_.experimental,
                    "With --input: as promql.experimental: true does");
    commands_.push_back({query, [this] { return QueryAnswer(); }});
  }

  Result<CommandLine> QueryAnswer() {
    const auto wrong = [](std::string what) {
      return Error{ErrorCode::kInvalidInput, std::move(what)};
    };
    if (query_output_ == "json") {
      query_.output = QueryFlags::Output::kJson;
    } else if (query_output_ != "table") {
      return wrong(fmt::format("--output: expected table or json, got '{}'", query_output_));
    }
    if (query_.is_range() && !query_.time.empty()) {
      return wrong("--time does not go with --start, --end and --step");
    }
    if (query_.is_range() && query_.start.empty()) return wrong("--start is needed for a range");
    if (!query_.input.empty()) query_.server.clear();
    if (query_.input.empty() && query_.experimental) {
      return wrong("--experimental goes with --input; a server has promql.experimental");
    }
    return CommandLine(query_);
  }

  void AddAlertCommands() {
    for (AlertCommands::Command& command : alert_commands_.AddTo(app_)) {
      commands_.push_back(std::move(command));
    }
  }

  void AddCollectors() {
    CLI::App* const list =
        app_.add_subcommand("collectors", "List what can be watched, or the details of one");
    list->add_option("name", collectors_.name, "One of them: its options and its metrics")
        ->type_name("NAME");
    commands_.push_back({list, [this] { return CommandLine(collectors_); }});
  }

  void AddGenerate() {
    for (generate::GenerateCommands::Command& command : generate_commands_.AddTo(app_)) {
      commands_.push_back(std::move(command));
    }
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
  CheckRulesFlags check_rules_;
  std::string lint_ = "all";
  std::string scrape_interval_;
  CheckExprFlags check_expr_;
  TestRulesFlags test_rules_;
  ReplayFlags replay_;
  std::string replay_interval_;
  std::string replay_output_ = "table";
  QueryFlags query_;
  std::string query_output_ = "table";
  TestNotifyFlags test_notify_;
  AlertCommands alert_commands_;
  CollectorsFlags collectors_;
  generate::GenerateCommands generate_commands_;
  HealthcheckFlags healthcheck_;
  DemoFlags demo_;
};

}  // namespace

Result<CommandLine> ParseCommandLine(std::span<const char* const> arguments) {
  return Parser().Parse(arguments);
}

CommandDescription DescribeCommandLine() {
  return Parser().Description();
}

}  // namespace tocsin
