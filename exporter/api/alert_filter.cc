#include "exporter/api/alert_filter.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/quote.h"

namespace tocsin::api {
namespace {

Status ReadBool(const HttpRequest& request, std::string_view name, bool& value) {
  const std::vector<std::string_view> texts = request.Query(name);
  if (texts.empty() || texts.front().empty()) return {};
  const std::string_view text = texts.front();
  if (text != "true" && text != "1" && text != "false" && text != "0") {
    return Error{ErrorCode::kInvalidInput,
                 fmt::format("{}: expected true or false, got {}", name, Quoted(text))};
  }
  value = text == "true" || text == "1";
  return {};
}

}  // namespace

Result<notify::LabelMatchers> ReadFilters(const HttpRequest& request) {
  notify::LabelMatchers all;
  for (const std::string_view text : request.Query("filter")) {
    Result<notify::LabelMatchers> matchers = notify::ParseLabelMatchers(text);
    if (!matchers) return matchers.error().Within(fmt::format("bad matcher {}", Quoted(text)));
    std::move(matchers->begin(), matchers->end(), std::back_inserter(all));
  }
  return all;
}

Result<AlertFilter> AlertFilter::Read(const HttpRequest& request) {
  AlertFilter filter;
  bool unprocessed = true;
  const std::pair<std::string_view, bool*> switches[] = {{"active", &filter.active},
                                                         {"silenced", &filter.silenced},
                                                         {"inhibited", &filter.inhibited},
                                                         {"muted", &filter.muted},
                                                         {"unprocessed", &unprocessed}};
  for (const auto& [name, value] : switches) {
    if (const Status read = ReadBool(request, name, *value); !read) return read.error();
  }
  Result<notify::LabelMatchers> matchers = ReadFilters(request);
  if (!matchers) return matchers.error();
  filter.matchers = std::move(*matchers);
  const std::vector<std::string_view> receiver = request.Query("receiver");
  if (receiver.empty() || receiver.front().empty()) return filter;
  filter.receiver.emplace(receiver.front());
  if (filter.receiver->ok()) return filter;
  return Error{ErrorCode::kInvalidInput,
               "failed to parse receiver param: " + filter.receiver->problem()};
}

bool AlertFilter::TakesReceiver(std::string_view name) const {
  return !receiver || receiver->Matches(name);
}

bool AlertFilter::Takes(const notify::Notifier::AlertView& alert) const {
  if (alert.resolved) return false;
  if (!active && !IsSuppressed(alert)) return false;
  if (!silenced && !alert.silenced_by.empty()) return false;
  if (!inhibited && alert.inhibited_by) return false;
  return notify::Matches(matchers, alert.alert.labels) &&
         (!receiver || std::any_of(alert.receivers.begin(), alert.receivers.end(),
                                   [&](const auto& name) { return TakesReceiver(name); }));
}

bool IsSuppressed(const notify::Notifier::AlertView& alert) {
  return !alert.silenced_by.empty() || alert.inhibited_by || !alert.muted_by.empty();
}

}  // namespace tocsin::api
