#include "exporter/generate/command_line.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/labels.h"
#include "base/metric.h"
#include "base/number.h"
#include "rules/promql/parser.h"

namespace tocsin::generate {
namespace {

Error Wrong(std::string_view option, std::string_view expected, std::string_view got) {
  return {ErrorCode::kInvalidInput,
          fmt::format("{}: expected {}; got '{}'", option, expected, got)};
}

CLI::Option* AddList(CLI::App& verb, const std::string& name, std::vector<std::string>& values,
                     const std::string& help) {
  return verb.add_option(name, values, help + "; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
}

/// What stands to the left and to the right of the first '=' of each word; no left side twice.
Result<TextPairs> ReadPairs(std::string_view option, const std::vector<std::string>& words) {
  TextPairs pairs;
  for (const std::string& word : words) {
    const std::size_t sign = word.find('=');
    if (sign == std::string::npos || sign == 0) return Wrong(option, "NAME=VALUE", word);
    std::string name = word.substr(0, sign);
    if (std::ranges::find(pairs, name, &TextPairs::value_type::first) != pairs.end()) {
      return Error{ErrorCode::kInvalidInput, fmt::format("{}: '{}' stands twice", option, name)};
    }
    pairs.emplace_back(std::move(name), word.substr(sign + 1));
  }
  return pairs;
}

Result<double> ReadFinite(const std::string& text) {
  const std::optional<double> number = ParseNumber(text);
  if (number && std::isfinite(*number)) return *number;
  return Error{ErrorCode::kInvalidInput, fmt::format("expected a number, got '{}'", text)};
}

/// Pairs whose right side `read` reads.
template <class T>
Result<std::vector<std::pair<std::string, T>>> ReadValues(std::string_view option,
                                                          const std::vector<std::string>& words,
                                                          Result<T> (*read)(const std::string&)) {
  const Result<TextPairs> pairs = ReadPairs(option, words);
  if (!pairs) return pairs.error();
  std::vector<std::pair<std::string, T>> values;
  for (const auto& [name, text] : *pairs) {
    const Result<T> value = read(text);
    if (!value) return value.error().Within(name).Within(option);
    values.emplace_back(name, *value);
  }
  return values;
}

/// `a="b"`, or several with commas between them, with or without braces.
Status ReadSelector(const std::string& text, std::vector<Matcher>& matchers) {
  const std::string selector = text.starts_with('{') ? text : fmt::format("{{{}}}", text);
  const Result<std::vector<Matcher>> parsed = promql::ParseMetricSelector(selector);
  if (!parsed) return parsed.error().Within("--selector " + text);
  for (const Matcher& matcher : *parsed) {
    if (matcher.name().text() == kMetricNameLabel) {
      return Wrong("--selector", "matchers of labels, such as cluster=\"a\"", text);
    }
    matchers.push_back(matcher);
  }
  return {};
}

Result<std::optional<Duration>> ReadDuration(std::string_view option, const std::string& text) {
  if (text.empty()) return std::optional<Duration>();
  const Result<Duration> duration = ParseDuration(text);
  if (!duration) return duration.error().Within(option);
  return std::optional<Duration>(*duration);
}

}  // namespace

std::vector<GenerateCommands::Command> GenerateCommands::AddTo(CLI::App& app) {
  CLI::App* const generate =
      app.add_subcommand("generate", "Write files from what this binary knows of itself");
  generate->require_subcommand(1);
  return {AddRules(*generate),
          AddPrometheusRule(*generate),
          AddMonitor(*generate, MonitorOptions::Kind::kService),
          AddMonitor(*generate, MonitorOptions::Kind::kPod),
          AddDashboards(*generate),
          AddDocumentation(*generate, Documentation::kMetrics),
          AddDocumentation(*generate, Documentation::kManPage),
          AddDocumentation(*generate, Documentation::kCompletions)};
}

CLI::App* GenerateCommands::AddVerb(CLI::App& generate, const std::string& name,
                                    const std::string& help) {
  CLI::App* const verb = generate.add_subcommand(name, help);
  verb->add_option("-o,--output", folder_, "The folder to write to; it is made if it is not there")
      ->type_name("FOLDER")
      ->required();
  return verb;
}

void GenerateCommands::AddRulesOptions(CLI::App& verb) {
  AddList(verb, "--pack", rules_.packs,
          "Only this pack, such as dagster or dagster-sizing (default: all that are not optional)")
      ->type_name("NAME");
  verb.add_flag("--optional", rules_.optional,
                "The optional packs, too; with --pack, those of the same system");
  verb.add_option("--job", words_.job, "Add job=\"NAME\" to every selector")->type_name("NAME");
  AddList(verb, "--selector", words_.selectors,
          "Add these matchers to every selector, such as 'cluster=~\"a|b\"'")
      ->type_name("MATCHERS");
  AddList(verb, "--label", words_.labels, "Give every alert this label")->type_name("NAME=VALUE");
  AddRunbookUrl(verb);
  AddThreshold(verb);
  AddList(verb, "--for", words_.holds, "Let this alert wait for another time before it fires")
      ->type_name("ALERT=DURATION");
}

void GenerateCommands::AddRunbookUrl(CLI::App& verb) {
  verb.add_option("--runbook-url", rules_.edits.runbook_url,
                  "Where the runbooks are: URL/PAGE.md, or with {name} in place of PAGE")
      ->type_name("URL");
}

void GenerateCommands::AddThreshold(CLI::App& verb) {
  AddList(verb, "--threshold", words_.thresholds,
          "Compare the value of this alert with another number")
      ->type_name("ALERT=NUMBER");
}

void GenerateCommands::AddObjectOptions(CLI::App& verb, std::string& space) {
  verb.add_option("--namespace", space, "The namespace to write into the object (default: none)")
      ->type_name("NAME");
  AddList(verb, "--metadata-label", words_.metadata_labels,
          "Give the object this label, such as release=kube-prometheus-stack")
      ->type_name("NAME=VALUE");
}

GenerateCommands::Command GenerateCommands::AddRules(CLI::App& generate) {
  CLI::App* const verb = AddVerb(
      generate, "rules", "Write the rule packs: byte for byte, unless an option changes something");
  AddRulesOptions(*verb);
  return {verb, [this]() -> Result<CommandLine> {
            const Result<RulesOptions> rules = ReadRules();
            if (!rules) return rules.error();
            return CommandLine(GenerateFlags{folder_, *rules});
          }};
}

GenerateCommands::Command GenerateCommands::AddPrometheusRule(CLI::App& generate) {
  CLI::App* const verb =
      AddVerb(generate, "prometheusrule",
              "Write the rule packs as PrometheusRule objects of the Prometheus operator");
  AddRulesOptions(*verb);
  AddObjectOptions(*verb, prometheus_rule_.space);
  verb->add_option("--name-prefix", prometheus_rule_.name_prefix,
                   fmt::format("What the names of the objects begin with, before that of the pack "
                               "(default: {})",
                               prometheus_rule_.name_prefix))
      ->type_name("TEXT");
  return {verb, [this] { return PrometheusRuleAnswer(); }};
}

GenerateCommands::Command GenerateCommands::AddMonitor(CLI::App& generate,
                                                       MonitorOptions::Kind kind) {
  const bool is_service = kind == MonitorOptions::Kind::kService;
  CLI::App* const verb =
      AddVerb(generate, is_service ? "servicemonitor" : "podmonitor",
              is_service ? "Write a ServiceMonitor, by which a Prometheus operator finds tocsin"
                         : "Write a PodMonitor, for a tocsin without a Service");
  AddObjectOptions(*verb, monitor_.meta.space);
  verb->add_option("--name", monitor_.meta.name,
                   fmt::format("The name of the object (default: {})", monitor_.meta.name))
      ->type_name("NAME");
  AddList(*verb, "--target-namespace", monitor_.target_namespaces,
          "Look for tocsin in this namespace (default: that of the object)")
      ->type_name("NAME");
  AddList(*verb, "--selector-label", words_.selector_labels,
          "Look for this label (default: app.kubernetes.io/name=tocsin)")
      ->type_name("NAME=VALUE");
  verb->add_option("--port", monitor_.port,
                   fmt::format("The name of the port (default: {})", monitor_.port))
      ->type_name("NAME");
  verb->add_option("--path", monitor_.path,
                   fmt::format("Where the metrics are (default: {})", monitor_.path))
      ->type_name("PATH");
  verb->add_option("--interval", words_.interval, "How often to scrape (default: Prometheus')")
      ->type_name("DURATION");
  verb->add_option("--scrape-timeout", words_.scrape_timeout,
                   "How long a scrape may take (default: Prometheus')")
      ->type_name("DURATION");
  return {verb, [this, kind] { return MonitorAnswer(kind); }};
}

GenerateCommands::Command GenerateCommands::AddDashboards(CLI::App& generate) {
  CLI::App* const verb = AddVerb(generate, "dashboards", "Write the Grafana dashboards");
  verb->add_option("--datasource-uid", dashboards_.datasource_uid,
                   "The data source that is chosen at first (default: Grafana's default one)")
      ->type_name("UID");
  AddRunbookUrl(*verb);
  AddThreshold(*verb);
  return {verb, [this] { return DashboardsAnswer(); }};
}

GenerateCommands::Command GenerateCommands::AddDocumentation(CLI::App& generate,
                                                             Documentation which) {
  struct Verb {
    const char* name;
    const char* help;
  };
  Verb words = {"metrics-doc",
                "Write metrics.md with all metrics, and collectors/NAME.md with all options and "
                "metrics of each collector; in those that are there, the tables are renewed"};
  if (which == Documentation::kManPage) words = {"man-page", "Write the man page, tocsin.1"};
  if (which == Documentation::kCompletions) {
    words = {"completions", "Write what bash, zsh and fish complete after tocsin"};
  }
  return {AddVerb(generate, words.name, words.help), [this, which] {
            return CommandLine(GenerateFlags{folder_, which});
          }};
}

Result<RulesOptions> GenerateCommands::ReadRules() const {
  RulesOptions rules = rules_;
  RuleEdits& edits = rules.edits;
  if (!words_.job.empty()) {
    const Result<Matcher> matcher = Matcher::Make(MatchType::kEqual, "job", words_.job);
    if (!matcher) return matcher.error().Within("--job");
    edits.matchers.push_back(*matcher);
  }
  for (const std::string& text : words_.selectors) {
    if (Status done = ReadSelector(text, edits.matchers); !done) return done.error();
  }
  const auto labels = ReadPairs("--label", words_.labels);
  if (!labels) return labels.error();
  for (const auto& [name, value] : *labels) {
    // Prometheus 3 takes others, too; the packs are for 2.42 as well.
    if (!IsLabelName(name)) return Wrong("--label", "the name of a label", name);
  }
  edits.labels = *labels;
  const auto thresholds = ReadValues<double>("--threshold", words_.thresholds, &ReadFinite);
  if (!thresholds) return thresholds.error();
  edits.thresholds = *thresholds;
  const auto holds = ReadValues<Duration>(
      "--for", words_.holds, [](const std::string& text) { return ParseDuration(text); });
  if (!holds) return holds.error();
  edits.holds = *holds;
  return rules;
}

Result<CommandLine> GenerateCommands::PrometheusRuleAnswer() const {
  const Result<RulesOptions> rules = ReadRules();
  if (!rules) return rules.error();
  const Result<TextPairs> labels = ReadPairs("--metadata-label", words_.metadata_labels);
  if (!labels) return labels.error();
  PrometheusRuleOptions options = prometheus_rule_;
  options.rules = *rules;
  options.labels = *labels;
  return CommandLine(GenerateFlags{folder_, std::move(options)});
}

Result<CommandLine> GenerateCommands::DashboardsAnswer() const {
  const Result<RulesOptions> rules = ReadRules();
  if (!rules) return rules.error();
  return CommandLine(GenerateFlags{folder_, DashboardFlags{dashboards_, rules->edits}});
}

Result<CommandLine> GenerateCommands::MonitorAnswer(MonitorOptions::Kind kind) const {
  MonitorOptions options = monitor_;
  options.kind = kind;
  const Result<TextPairs> labels = ReadPairs("--metadata-label", words_.metadata_labels);
  if (!labels) return labels.error();
  options.meta.labels = *labels;
  const Result<TextPairs> selector = ReadPairs("--selector-label", words_.selector_labels);
  if (!selector) return selector.error();
  if (!selector->empty()) options.selector = *selector;
  const auto interval = ReadDuration("--interval", words_.interval);
  if (!interval) return interval.error();
  options.interval = *interval;
  const auto timeout = ReadDuration("--scrape-timeout", words_.scrape_timeout);
  if (!timeout) return timeout.error();
  options.scrape_timeout = *timeout;
  return CommandLine(GenerateFlags{folder_, std::move(options)});
}

}  // namespace tocsin::generate
