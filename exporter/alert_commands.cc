#include "exporter/alert_commands.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/json_writer.h"
#include "base/labels.h"
#include "base/rfc3339.h"
#include "base/template/builtins.h"
#include "exporter/api_client.h"
#include "notify/label_matcher.h"

namespace tocsin {
namespace {

namespace json = boost::json;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr Duration kPatience = std::chrono::seconds(30);
constexpr int kHttpNotFound = 404;

int Fail(const Error& error) {
  std::cerr << fmt::format("tocsin: {}\n", error.message);
  return kFailed;
}

// --- Who answers
// ----------------------------------------------------------------------------------

/// Why the server refuses: a JSON string, or else the first line of what it says.
std::string Reason(const HttpAnswer& answer) {
  boost::system::error_code problem;
  const json::value value = json::parse(answer.body, problem);
  if (!problem && value.is_string()) return std::string(value.get_string().c_str());
  return answer.body.substr(0, answer.body.find('\n'));
}

/// Alertmanager's API of one server.
class Server {
 public:
  explicit Server(std::string url)
      : url_(ServerUrl(std::move(url))), client_(MakeCommandClient(kPatience)) {}

  /// The body of an answer with 2xx. `path` follows "/api/v2/". Fails with kNotFound if all that
  /// the server says is that there is no such thing.
  Result<std::string> Ask(std::string method, std::string_view path, std::string body = {}) {
    OutgoingRequest request;
    request.method = std::move(method);
    request.url = fmt::format("{}/api/v2/{}", url_, path);
    if (!body.empty()) request.headers = {{"Content-Type", "application/json"}};
    request.body = std::move(body);
    Result<HttpAnswer> answer = client_->Send(request, std::stop_token());
    if (!answer) return answer.error();
    if (answer->ok()) return std::move(answer->body);
    const std::string reason = Reason(*answer);
    const bool is_missing = answer->status == kHttpNotFound && reason.empty();
    return Error{is_missing ? ErrorCode::kNotFound : ErrorCode::kInvalidInput,
                 fmt::format("{}: status {}{}{}", WithoutPassword(url_), answer->status,
                             reason.empty() ? "" : ": ", reason)};
  }

 private:
  const std::string url_;
  const std::unique_ptr<HttpClient> client_;
};

/// The list that the server answers, which `show` prints; it may throw if that is no such list.
template <class Show>
int ShowList(const std::string& server, const std::string& path, bool as_json, const Show& show) {
  const Result<std::string> answer = Server(server).Ask("GET", path);
  if (!answer) return Fail(answer.error());
  if (as_json) {
    std::cout << *answer << (answer->ends_with('\n') ? "" : "\n");
    return kDone;
  }
  try {
    show(json::parse(*answer).as_array());
    return kDone;
  } catch (const std::exception&) {  // Boost.JSON throws; nothing of ours does.
    return Fail({ErrorCode::kCorrupt, "this is not the answer of an Alertmanager API"});
  }
}

std::string FilterQuery(const std::vector<std::string>& matchers) {
  std::string query;
  for (const std::string& matcher : matchers) {
    query += "&filter=" + text_template::QueryEscaped(matcher);
  }
  return query;
}

// --- How it is shown
// ------------------------------------------------------------------------------

std::string Text(const json::value& object, std::string_view key) {
  const json::string& text = object.at(json::string_view(key.data(), key.size())).as_string();
  return {text.data(), text.size()};
}

using Row = std::vector<std::string>;

/// Columns as wide as their widest cell; the last one as it is.
void PrintTable(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      std::cout << fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    std::cout << row.back() << '\n';
  }
}

/// "active", or what keeps it quiet.
std::string StateOf(const json::value& alert) {
  const json::object& status = alert.at("status").as_object();
  for (const auto& [list, state] :
       {std::pair("silencedBy", "silenced"), std::pair("inhibitedBy", "inhibited"),
        std::pair("mutedBy", "muted")}) {
    const json::value* const by = status.if_contains(list);
    if (by != nullptr && !by->as_array().empty()) return state;
  }
  return Text(alert.at("status"), "state");
}

Row RowOf(const json::value& alert) {
  LabelsBuilder labels;
  for (const auto& [name, value] : alert.at("labels").as_object()) {
    labels.Set(std::string_view(name.data(), name.size()),
               std::string_view(value.as_string().data(), value.as_string().size()));
  }
  const std::string name(labels.Get("alertname"));
  return {name, StateOf(alert), Text(alert, "startsAt"), Text(alert, "fingerprint"),
          labels.Remove("alertname").Build().ToString()};
}

void PrintAlerts(const json::array& alerts) {
  std::vector<Row> rows;
  rows.reserve(alerts.size());
  for (const json::value& alert : alerts) rows.push_back(RowOf(alert));
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a[2] < b[2]; });
  rows.insert(rows.begin(), {"ALERT", "STATE", "SINCE", "FINGERPRINT", "LABELS"});
  PrintTable(rows);
}

std::string MatchersOf(const json::value& silence) {
  std::string text;
  for (const json::value& matcher : silence.at("matchers").as_array()) {
    const json::value* const equal = matcher.as_object().if_contains("isEqual");
    const bool is_equal = equal == nullptr || equal->as_bool();
    const bool is_regexp = matcher.at("isRegex").as_bool();
    const char* const op = is_equal ? (is_regexp ? "=~" : "=") : (is_regexp ? "!~" : "!=");
    text += fmt::format("{}{}{}\"{}\"", text.empty() ? "" : ", ", Text(matcher, "name"), op,
                        Text(matcher, "value"));
  }
  return text;
}

void PrintSilences(const json::array& silences, bool expired) {
  std::vector<Row> rows = {{"ID", "STATE", "UNTIL", "AUTHOR", "MATCHERS", "COMMENT"}};
  for (const json::value& silence : silences) {
    const std::string state = Text(silence.at("status"), "state");
    if (state == "expired" && !expired) continue;
    rows.push_back({Text(silence, "id"), state, Text(silence, "endsAt"), Text(silence, "createdBy"),
                    MatchersOf(silence), Text(silence, "comment")});
  }
  PrintTable(rows);
}

// --- What is sent
// ---------------------------------------------------------------------------------

void AppendMatcher(JsonWriter& writer, const notify::LabelMatcher& matcher) {
  writer.BeginObject().Key("name").String(matcher.name).Key("value").String(matcher.value);
  writer.Key("isRegex").Bool(matcher.is_regexp()).Key("isEqual").Bool(matcher.is_equal());
  writer.EndObject();
}

/// $USER; "unknown" without one.
std::string Caller() {
  const char* const user = std::getenv("USER");  // NOLINT(concurrency-mt-unsafe): one thread.
  return user == nullptr || *user == '\0' ? "unknown" : user;
}

Result<std::string> SilenceJson(const SilenceAddFlags& flags, TimePoint now) {
  std::string body;
  JsonWriter writer(body);
  writer.BeginObject().Key("matchers").BeginArray();
  for (const std::string& text : flags.matchers) {
    const Result<notify::LabelMatchers> matchers = notify::ParseLabelMatchers(text);
    if (!matchers) return matchers.error().Within(fmt::format("'{}'", text));
    for (const notify::LabelMatcher& matcher : *matchers) AppendMatcher(writer, matcher);
  }
  writer.EndArray().Key("startsAt").String(FormatRfc3339(now));
  writer.Key("endsAt").String(FormatRfc3339(now + flags.duration));
  writer.Key("createdBy").String(flags.author.empty() ? Caller() : flags.author);
  writer.Key("comment").String(flags.comment).EndObject();
  return body;
}

}  // namespace

int ListAlerts(const AlertsFlags& flags) {
  const char* const others = flags.active_only ? "false" : "true";
  std::string path = fmt::format("alerts?silenced={0}&inhibited={0}", others);
  path += FilterQuery(flags.matchers);
  if (!flags.receiver.empty()) path += "&receiver=" + text_template::QueryEscaped(flags.receiver);
  return ShowList(flags.server, path, flags.json, &PrintAlerts);
}

int AddSilence(const SilenceAddFlags& flags) {
  Result<std::string> body = SilenceJson(flags, SystemClock().Now());
  if (!body) return Fail(body.error());
  const Result<std::string> answer = Server(flags.server).Ask("POST", "silences", std::move(*body));
  if (!answer) return Fail(answer.error());
  try {
    std::cout << Text(json::parse(*answer), "silenceID") << '\n';
    return kDone;
  } catch (const std::exception&) {  // Boost.JSON throws; nothing of ours does.
    return Fail({ErrorCode::kCorrupt, "this is not the answer of an Alertmanager API"});
  }
}

int ListSilences(const SilenceListFlags& flags) {
  return ShowList(flags.server, "silences?" + FilterQuery(flags.matchers), flags.json,
                  [&](const json::array& list) { PrintSilences(list, flags.expired); });
}

int ExpireSilences(const SilenceExpireFlags& flags) {
  Server server(flags.server);
  int done = kDone;
  for (const std::string& id : flags.ids) {
    const Result<std::string> answer =
        server.Ask("DELETE", "silence/" + text_template::QueryEscaped(id));
    if (answer) continue;
    const bool is_unknown = answer.error().code == ErrorCode::kNotFound;
    done = is_unknown ? Fail({ErrorCode::kNotFound, fmt::format("no silence has the id {}", id)})
                      : Fail(answer.error().Within(id));
  }
  return done;
}

}  // namespace tocsin
