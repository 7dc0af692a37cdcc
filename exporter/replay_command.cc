#include "exporter/replay_command.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "base/rfc3339.h"
#include "exporter/api/parameters.h"
#include "exporter/api/result_json.h"
#include "exporter/config.h"
#include "exporter/replay_samples.h"
#include "rules/replay.h"
#include "rules/rule_file.h"
#include "rules/rule_policy.h"
#include "rules/storage/sample_store.h"

namespace tocsin {
namespace {

constexpr Duration kDefaultInterval = std::chrono::minutes(1);

std::string TimeText(Millis t) {
  return FormatRfc3339(TimePoint(Duration(t)));
}

Result<Millis> TimeOf(std::string_view flag, const std::string& text, Millis otherwise) {
  if (text.empty()) return otherwise;
  if (const std::optional<Millis> time = api::ParseTime(text)) return *time;
  return Error{ErrorCode::kInvalidInput,
               fmt::format("{}: expected Unix seconds or RFC 3339, got '{}'", flag, text)};
}

/// What is replayed, and under which settings but for the times.
struct Asked {
  std::vector<EffectiveGroup> groups;
  ReplaySettings settings;
};

Result<Asked> OfRuleFiles(const ReplayFlags& flags) {
  RuleFileOptions options;
  options.experimental = flags.experimental;
  Result<LoadedRules> loaded = LoadRuleFiles(flags.rules, std::filesystem::current_path(), options);
  if (!loaded) return loaded.error();
  if (loaded->groups.empty()) {
    return Error{ErrorCode::kNotFound, "--rules: no file matches, or none has rules"};
  }
  Asked asked{.groups = ApplyPolicies(loaded->groups, {}), .settings = {}};
  asked.settings.default_interval = flags.interval.value_or(kDefaultInterval);
  asked.settings.experimental = flags.experimental;
  return asked;
}

/// As the server that has this configuration evaluates them.
Result<Asked> OfConfig(const ReplayFlags& flags) {
  Result<Config> config = LoadConfig(flags.config);
  if (!config) return config.error();
  if (config->rules.groups.empty()) {
    return Error{ErrorCode::kNotFound, flags.config + ": it has no rules"};
  }
  Asked asked{.groups = std::move(config->rules.groups), .settings = {}};
  asked.settings.default_interval = flags.interval.value_or(config->global.evaluation_interval);
  asked.settings.query_offset = config->rules.query_offset;
  asked.settings.lookback = config->promql.lookback_delta;
  asked.settings.experimental = flags.experimental || config->promql.experimental;
  asked.settings.external_labels = config->global.external_labels;
  asked.settings.external_url = config->server.external_url;
  return asked;
}

/// The rules' alerts over the samples; start and end as the flags, or else the samples, say.
Result<Replayed> ReplayAsked(const ReplayFlags& flags) {
  Result<Asked> asked = flags.config.empty() ? OfRuleFiles(flags) : OfConfig(flags);
  if (!asked) return asked.error();
  const Millis now = SystemClock().Now().time_since_epoch().count();
  constexpr Millis kHour = 3'600'000;
  const Result<Millis> asked_end = TimeOf("--end", flags.end, now);
  if (!asked_end) return asked_end.error();
  const Result<Millis> asked_start = TimeOf("--start", flags.start, *asked_end - kHour);
  if (!asked_start) return asked_start.error();
  ReplaySettings& settings = asked->settings;
  settings.start = *asked_start;
  settings.end = *asked_end;
  SampleStore store({});
  const ReplaySamples samples{.groups = asked->groups,
                              .start = settings.start,
                              .end = settings.end,
                              .default_interval = settings.default_interval,
                              .query_offset = settings.query_offset,
                              .lookback = settings.lookback,
                              .experimental = settings.experimental};
  if (flags.input.empty()) {
    if (Status loaded = samples.LoadServer(flags.server, store); !loaded) return loaded.error();
  } else {
    if (Status loaded = samples.LoadFile(flags.input, store); !loaded) return loaded.error();
    const SampleStore::Stats stats = store.stats();
    if (flags.end.empty()) settings.end = stats.newest.value_or(settings.end);
    if (flags.start.empty()) settings.start = stats.oldest.value_or(settings.end);
  }
  if (settings.start > settings.end) {
    return Error{ErrorCode::kInvalidInput,
                 fmt::format("the start, {}, is after the end, {}", TimeText(settings.start),
                             TimeText(settings.end))};
  }
  return Replay(asked->groups, store, settings);
}

/// A time that may be missing.
std::string Cell(const std::optional<Millis>& t) {
  return t ? TimeText(*t) : std::string("-");
}

void PrintTable(const Replayed& replayed) {
  constexpr std::string_view kRow = "{:<24}  {:<24}  {:<24}  {:>12}  {}\n";
  if (!replayed.alerts.empty()) {
    std::cout << fmt::format(fmt::runtime(kRow), "ACTIVE", "FIRING", "ENDED", "VALUE", "ALERT");
  }
  std::size_t fired = 0;
  for (const ReplayedAlert& alert : replayed.alerts) {
    if (alert.fired_at) ++fired;
    std::cout << fmt::format(fmt::runtime(kRow), TimeText(alert.active_at), Cell(alert.fired_at),
                             Cell(alert.ended_at), FormatNumber(alert.value),
                             alert.labels.ToString());
  }
  std::cout << fmt::format(
      "{} alerts fired, {} were only pending; {} evaluations of rules, {} failed\n", fired,
      replayed.alerts.size() - fired, replayed.evaluations, replayed.failures);
}

void AppendTime(JsonWriter& json, std::string_view key, const std::optional<Millis>& t) {
  if (t) json.Key(key).String(TimeText(*t));
}

void PrintJson(const Replayed& replayed) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject().Key("alerts").BeginArray();
  for (const ReplayedAlert& alert : replayed.alerts) {
    std::string labels;
    api::AppendLabels(labels, alert.labels);
    std::string value;
    api::AppendSampleValue(value, alert.value);
    json.BeginObject().Key("file").String(alert.file).Key("group").String(alert.group);
    json.Key("rule").String(alert.rule).Key("labels").Raw(labels);
    json.Key("annotations").BeginObject();
    for (const auto& [name, annotation] : alert.annotations) json.Key(name).String(annotation);
    json.EndObject().Key("value").String(value);
    AppendTime(json, "activeAt", alert.active_at);
    AppendTime(json, "firedAt", alert.fired_at);
    AppendTime(json, "endedAt", alert.ended_at);
    json.EndObject();
  }
  json.EndArray().Key("evaluations").Integer(static_cast<std::int64_t>(replayed.evaluations));
  json.Key("failures").Integer(static_cast<std::int64_t>(replayed.failures));
  json.Key("errors").BeginArray();
  for (const std::string& error : replayed.errors) json.String(error);
  json.EndArray().EndObject();
  std::cout << text << '\n';
}

}  // namespace

int RunReplay(const ReplayFlags& flags) {
  const Result<Replayed> replayed = ReplayAsked(flags);
  if (!replayed) {
    std::cerr << "tocsin: " << replayed.error().message << '\n';
    return EXIT_FAILURE;
  }
  flags.json ? PrintJson(*replayed) : PrintTable(*replayed);
  for (const std::string& error : replayed->errors) std::cerr << "tocsin: " << error << '\n';
  return replayed->errors.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace tocsin
