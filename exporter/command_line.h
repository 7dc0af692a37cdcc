// What the user asked for on the command line.

#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "exporter/generate/generate.h"

namespace tocsin {

/// `tocsin`, `tocsin serve`: run until told to stop.
struct ServeFlags {
  std::filesystem::path config;     ///< Empty: the quickstart.
  std::vector<std::string> listen;  ///< Instead of the configuration's, unless empty.
  std::optional<std::string>
      storage_path;  ///< Instead of the configuration's; ":memory:" keeps nothing.
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kLogfmt;
};

/// `tocsin check config FILE...`
struct CheckConfigFlags {
  std::vector<std::filesystem::path> files;
  bool connect = false;  ///< Also ask the sources that the files name.
};

/// `tocsin check metrics [FILE]`
struct CheckMetricsFlags {
  std::string file = "-";  ///< "-" is standard input.
};

/// `tocsin check rules [FILE...]`
struct CheckRulesFlags {
  std::vector<std::string> files;  ///< Or globs; none, or "-", is standard input.
  bool lint = true;
  std::vector<std::string> checks;  ///< Of the linter, by name; none: all.
  bool lint_fatal = false;
  bool ignore_unknown_fields = false;
  bool experimental = false;
  std::optional<Duration> scrape_interval;
  std::string server;  ///< A URL; empty: no server is asked.
};

/// `tocsin test rules FILE...`
struct TestRulesFlags {
  std::vector<std::string> files;
  std::string config;            ///< A configuration, whose policies apply; empty: none do.
  std::vector<std::string> run;  ///< Regular expressions; none: all tests are run.
  bool diff = false;
  bool debug = false;
  bool coverage = false;
  bool ignore_unknown_fields = false;
  bool experimental = false;
  std::string junit;  ///< A file to write; empty: none.
};

/// `tocsin replay`. Either `server` or `input`. Times are Unix seconds or RFC 3339; empty: of a
/// server the last hour, of a file all that it has.
struct ReplayFlags {
  // One of the two.
  std::vector<std::string> rules;  ///< Files or globs.
  std::string config;              ///< A configuration: its rules, with its policies.

  std::string server;  ///< A URL.
  std::string input;   ///< A file of samples; "-" is standard input.
  std::string start;
  std::string end;
  std::optional<Duration> interval;  ///< Of groups that say none.
  bool json = false;
  bool experimental = false;
};

/// `tocsin check expr EXPR...`
struct CheckExprFlags {
  std::vector<std::string> expressions;  ///< "-" is one on standard input.
  bool experimental = false;
};

/// `tocsin query EXPR`. Either `server` or `input`. Times are as the HTTP API takes them: Unix
/// seconds or RFC 3339.
struct QueryFlags {
  enum class Output { kTable, kJson };
  std::string expression;
  std::string server;  ///< A URL.
  std::string input;   ///< A file of samples; "-" is standard input.
  std::string time;
  std::string start;
  std::string end;
  std::string step;
  Output output = Output::kTable;
  bool experimental = false;  ///< With `input` only: a server decides for itself.

  bool is_range() const { return !start.empty() || !end.empty() || !step.empty(); }
};

/// `tocsin alerts [MATCHER...]`
struct AlertsFlags {
  std::vector<std::string> matchers;  ///< None: all alerts.
  std::string receiver;               ///< A regular expression; empty: any.
  bool active_only = false;           ///< Without what is silenced or inhibited.
  std::string server;                 ///< A URL.
  bool json = false;
};

/// `tocsin silence add MATCHER...`
struct SilenceAddFlags {
  std::vector<std::string> matchers;
  Duration duration = std::chrono::hours(1);
  std::string comment;
  std::string author;  ///< Empty: who calls.
  std::string server;
};

/// `tocsin silence list [MATCHER...]`
struct SilenceListFlags {
  std::vector<std::string> matchers;  ///< What silences are about; none: all.
  bool expired = false;               ///< Those that have ended, too.
  std::string server;
  bool json = false;
};

/// `tocsin silence expire ID...`
struct SilenceExpireFlags {
  std::vector<std::string> ids;
  std::string server;
};

/// `tocsin test notify --config FILE --receiver NAME`
struct TestNotifyFlags {
  std::filesystem::path config;
  std::string receiver;
};

/// `tocsin collectors [NAME]`
struct CollectorsFlags {
  std::string name;  ///< Empty: all of them.
};

/// `tocsin healthcheck`
struct HealthcheckFlags {
  std::string url;  ///< Always with a path; "/-/ready" if the user gave none.
};

/// `tocsin demo`
struct DemoFlags {
  std::filesystem::path folder;  ///< The quickstart's, unless told otherwise.
  bool revive = false;
};

/// `tocsin --version`
struct VersionFlags {};

/// `--help`, of tocsin or of a command.
struct HelpFlags {
  std::string text;
};

using CommandLine =
    std::variant<ServeFlags, CheckConfigFlags, CheckMetricsFlags, CheckRulesFlags, CheckExprFlags,
                 TestRulesFlags, TestNotifyFlags, ReplayFlags, QueryFlags, AlertsFlags,
                 SilenceAddFlags, SilenceListFlags, SilenceExpireFlags, CollectorsFlags,
                 generate::GenerateFlags, HealthcheckFlags, DemoFlags, VersionFlags, HelpFlags>;

/// Parses the arguments without the program's name. Fails with kInvalidInput and what is wrong with
/// them. Pure.
Result<CommandLine> ParseCommandLine(std::span<const char* const> arguments);

}  // namespace tocsin
