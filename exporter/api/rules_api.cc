#include "exporter/api/rules_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/labels.h"
#include "base/quote.h"
#include "base/rfc3339.h"
#include "exporter/api/envelope.h"
#include "exporter/api/expression_part.h"
#include "exporter/api/page_token.h"
#include "exporter/api/parameters.h"
#include "exporter/api/result_json.h"
#include "notify/received_alert.h"
#include "rules/promql/parser.h"
#include "rules/promql/printer.h"

namespace tocsin::api {
namespace {

/// What a request for rules asks for.
struct Wishes {
  bool alerting = true;
  bool recording = true;
  bool with_alerts = true;
  std::vector<std::string_view> rules;
  std::vector<std::string_view> groups;
  std::vector<std::string_view> files;
  std::vector<std::vector<Matcher>> selectors;
  std::optional<std::size_t> group_limit;
  std::string_view token;
};

/// True and false as Go's strconv.ParseBool knows them.
std::optional<bool> ParseBool(std::string_view text) {
  for (const std::string_view word : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == word) return true;
  }
  for (const std::string_view word : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == word) return false;
  }
  return std::nullopt;
}

Status ReadType(const Parameters& parameters, Wishes& wishes) {
  std::string type(parameters.Get("type"));
  std::transform(type.begin(), type.end(), type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (!type.empty() && type != "alert" && type != "record") {
    return InvalidParameter("type", fmt::format("not supported value {}", Quoted(type)));
  }
  wishes.alerting = type != "record";
  wishes.recording = type != "alert";
  return {};
}

Status ReadPaging(const Parameters& parameters, Wishes& wishes) {
  wishes.token = parameters.Get("group_next_token");
  if (!parameters.Has("group_limit")) {
    if (wishes.token.empty()) return {};
    return InvalidParameter("group_limit",
                            "group_limit needs to be present in order to paginate over the groups");
  }
  const std::string_view text = parameters.Get("group_limit");
  std::size_t limit = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (problem != std::errc{} || end != text.data() + text.size() || limit == 0) {
    return InvalidParameter("group_limit", "group_limit needs to be greater than 0");
  }
  wishes.group_limit = limit;
  return {};
}

Result<Wishes> ReadWishes(const Parameters& parameters) {
  Wishes wishes;
  if (const Status type = ReadType(parameters, wishes); !type) return type.error();
  if (const Status paging = ReadPaging(parameters, wishes); !paging) return paging.error();
  if (const std::string_view text = parameters.Get("exclude_alerts"); !text.empty()) {
    const std::optional<bool> without = ParseBool(text);
    if (!without) {
      return InvalidParameter("exclude_alerts", fmt::format("not a bool: {}", Quoted(text)));
    }
    wishes.with_alerts = !*without;
  }
  Result<std::vector<std::vector<Matcher>>> selectors = parameters.Selectors();
  if (!selectors) return selectors.error();
  wishes.selectors = std::move(*selectors);
  wishes.rules = parameters.All("rule_name[]");
  wishes.groups = parameters.All("rule_group[]");
  wishes.files = parameters.All("file[]");
  return wishes;
}

/// Whether `word` is one of `wanted`; nothing wanted in particular means all.
bool Wanted(const std::vector<std::string_view>& wanted, std::string_view word) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), word) != wanted.end();
}

bool Matches(const TextMap& labels, const std::vector<Matcher>& matchers) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
    const auto found = std::find_if(labels.begin(), labels.end(), [&](const auto& label) {
      return label.first == matcher.name().text();
    });
    return matcher.Matches(found == labels.end() ? std::string_view() : found->second);
  });
}

bool Wanted(const Wishes& wishes, const Rule& rule) {
  const bool alerting = rule.kind == Rule::Kind::kAlerting;
  if (alerting ? !wishes.alerting : !wishes.recording) return false;
  if (!Wanted(wishes.rules, rule.name)) return false;
  if (wishes.selectors.empty()) return true;
  return std::any_of(wishes.selectors.begin(), wishes.selectors.end(),
                     [&](const auto& matchers) { return Matches(rule.labels, matchers); });
}

void AppendTexts(JsonWriter& json, std::string_view key, const TextMap& texts) {
  json.Key(key).BeginObject();
  for (const auto& [name, text] : texts) json.Key(name).String(text);
  json.EndObject();
}

/// As Go's strconv.FormatFloat(v, 'e', -1, 64) writes it.
std::string ExponentForm(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> text{};
  const auto [end, problem] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  return {text.data(), problem == std::errc{} ? end : text.data()};
}

void AppendAlert(JsonWriter& json, const ActiveAlert& alert, const notify::AlertNaming& names) {
  std::string labels;
  AppendLabels(labels, alert.labels);
  json.BeginObject().Key("labels").Raw(labels);
  json.Key("fingerprint").String(notify::FingerprintText(names.FingerprintOf(alert.labels)));
  AppendTexts(json, "annotations", alert.annotations);
  json.Key("state").String(Name(alert.state));
  json.Key("activeAt").String(FormatRfc3339(TimePoint(Duration(alert.active_at))));
  if (alert.keep_firing_since) {
    json.Key("keepFiringSince")
        .String(FormatRfc3339(TimePoint(Duration(*alert.keep_firing_since))));
  }
  json.Key("value").String(ExponentForm(alert.value)).EndObject();
}

void AppendAlerts(JsonWriter& json, const std::vector<ActiveAlert>& alerts,
                  const notify::AlertNaming& names) {
  json.Key("alerts").BeginArray();
  for (const ActiveAlert& alert : alerts) AppendAlert(json, alert, names);
  json.EndArray();
}

/// The expression in Prometheus' normal form; as it is written if it cannot be read.
std::string NormalForm(const std::string& expr, bool experimental) {
  const promql::ParseResult parsed = promql::Parse(expr, {.experimental = experimental});
  return parsed ? promql::Print(*parsed.query->root) : expr;
}

/// A place in the expression as it is written, which "query" is not.
void AppendError(JsonWriter& json, const RuleView& view) {
  json.Key("lastError").String(view.last_error);
  if (!view.error_position) return;
  const std::string& expression = view.rule->expr;
  json.Key("lastErrorPosition").BeginObject().Key("expression").String(expression);
  AppendPart(json, PartOf(expression, *view.error_position));
  json.EndObject();
}

/// What an answer is made with.
struct Answering {
  const Wishes& wishes;
  bool experimental = false;
  notify::AlertNaming names;
};

void AppendRule(JsonWriter& json, const RuleView& view, const Answering& answer) {
  const Rule& rule = *view.rule;
  const bool alerting = rule.kind == Rule::Kind::kAlerting;
  json.BeginObject();
  if (alerting) json.Key("state").String(view.state ? Name(*view.state) : "unknown");
  json.Key("name").String(rule.name);
  json.Key("query").String(NormalForm(rule.expr, answer.experimental));
  if (alerting) {
    json.Key("duration").Number(Seconds(rule.hold));
    json.Key("keepFiringFor").Number(Seconds(rule.keep_firing_for));
    AppendTexts(json, "labels", rule.labels);
    AppendTexts(json, "annotations", rule.annotations);
    if (answer.wishes.with_alerts) {
      AppendAlerts(json, view.alerts, answer.names);
    } else {
      json.Key("alerts").BeginArray().EndArray();
    }
  } else if (!rule.labels.empty()) {
    AppendTexts(json, "labels", rule.labels);
  }
  json.Key("health").String(Name(view.health));
  if (!view.last_error.empty()) AppendError(json, view);
  json.Key("evaluationTime").Number(view.evaluation_seconds);
  if (view.result_series) {
    json.Key("resultSeries").Integer(static_cast<std::int64_t>(*view.result_series));
  }
  json.Key("lastEvaluation").String(FormatRfc3339(view.last_evaluation));
  json.Key("type").String(alerting ? "alerting" : "recording").EndObject();
}

/// The group with those of its rules that are wanted.
void AppendGroup(JsonWriter& json, const GroupView& group,
                 const std::vector<const RuleView*>& rules, const Answering& answer) {
  json.BeginObject().Key("name").String(group.name).Key("file").String(group.file);
  json.Key("rules").BeginArray();
  for (const RuleView* const rule : rules) AppendRule(json, *rule, answer);
  json.EndArray();
  json.Key("interval").Number(Seconds(group.interval));
  json.Key("limit").Integer(static_cast<std::int64_t>(group.limit));
  json.Key("evaluationTime").Number(group.evaluation_seconds);
  json.Key("lastEvaluation").String(FormatRfc3339(group.last_evaluation)).EndObject();
}

std::vector<const RuleView*> WantedRules(const GroupView& group, const Wishes& wishes) {
  std::vector<const RuleView*> rules;
  for (const RuleView& rule : group.rules) {
    if (Wanted(wishes, *rule.rule)) rules.push_back(&rule);
  }
  return rules;
}

std::vector<GroupView> SortedGroups(const RuleSources& sources, bool with_alerts) {
  std::vector<GroupView> groups = sources.groups(with_alerts);
  std::stable_sort(groups.begin(), groups.end(), [](const GroupView& a, const GroupView& b) {
    return std::tie(a.file, a.name) < std::tie(b.file, b.name);
  });
  return groups;
}

HttpResponse Rules(const RuleSources& sources, const HttpRequest& request) {
  const Result<Parameters> parameters = Parameters::Read(request);
  if (!parameters) return Failure(ErrorType::kBadData, parameters.error().message);
  const Result<Wishes> wishes = ReadWishes(*parameters);
  if (!wishes) return Failure(ErrorType::kBadData, wishes.error().message);
  std::string body = BeginSuccess();
  JsonWriter json(body);
  json.BeginObject().Key("groups").BeginArray();
  std::size_t shown = 0;
  std::string next;
  bool begun = wishes->token.empty();
  const Answering answer{*wishes, sources.experimental(), sources.naming()};
  for (const GroupView& group : SortedGroups(sources, wishes->with_alerts)) {
    if (!begun && PageToken(group.file, group.name) != wishes->token) continue;
    begun = true;
    if (!Wanted(wishes->files, group.file) || !Wanted(wishes->groups, group.name)) continue;
    const std::vector<const RuleView*> rules = WantedRules(group, *wishes);
    if (rules.empty()) continue;
    if (wishes->group_limit && shown == *wishes->group_limit) {
      next = PageToken(group.file, group.name);
      break;
    }
    AppendGroup(json, group, rules, answer);
    ++shown;
  }
  if (!begun) {
    return Failure(ErrorType::kBadData,
                   InvalidParameter("group_next_token",
                                    fmt::format("invalid group_next_token '{}'. were rule groups "
                                                "changed?",
                                                wishes->token))
                       .message);
  }
  json.EndArray();
  if (!next.empty()) json.Key("groupNextToken").String(next);
  json.EndObject();
  return EndSuccess(std::move(body));
}

HttpResponse Alerts(const RuleSources& sources) {
  std::vector<ActiveAlert> alerts;
  for (GroupView& group : SortedGroups(sources, true)) {
    for (RuleView& rule : group.rules) {
      std::move(rule.alerts.begin(), rule.alerts.end(), std::back_inserter(alerts));
    }
  }
  std::string body = BeginSuccess();
  JsonWriter json(body);
  json.BeginObject();
  AppendAlerts(json, alerts, sources.naming());
  json.EndObject();
  return EndSuccess(std::move(body));
}

}  // namespace

std::vector<Route> RuleRoutes(const RuleSources& sources) {
  const auto shared = std::make_shared<const RuleSources>(sources);
  const auto get = [](std::string path, std::function<HttpResponse(const HttpRequest&)> handle) {
    return Route{.path = std::move(path),
                 .methods = {"GET"},
                 .waits = Waits::kMaybe,
                 .handle = std::move(handle),
                 .refusal = &Refusal};
  };
  return {
      get("/api/v1/rules",
          [shared](const HttpRequest& request) { return Rules(*shared, request); }),
      get("/api/v1/alerts", [shared](const HttpRequest&) { return Alerts(*shared); }),
  };
}

}  // namespace tocsin::api
