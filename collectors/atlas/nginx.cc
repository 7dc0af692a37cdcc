#include "collectors/atlas/nginx.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "collectors/atlas/metrics.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::atlas {
namespace {

constexpr std::string_view kAccessLog = "nginx_access_log";
constexpr std::string_view kErrorLog = "nginx_error_log";

/// `saved`, with a count of 0 for each of `keys` that has none: the first event must be seen as an
/// increase.
boost::json::value WithZeros(const boost::json::value& saved,
                             const std::vector<std::string>& keys) {
  boost::json::object state = saved.is_object() ? saved.get_object() : boost::json::object();
  boost::json::object counts;
  for (const std::string& key : keys) counts[key] = 0;
  if (const auto* const before = MemberIn(saved, "counts").if_object()) {
    for (const auto& count : *before) counts[count.key()] = count.value();
  }
  state["counts"] = std::move(counts);
  return state;
}

}  // namespace

Nginx::Nginx(NginxSettings settings, const Environment& environment)
    : settings_(std::move(settings)), state_(environment.state_file, environment.log) {}

bool Nginx::TakeUpState(Collection& collection) {
  if (has_state_) return true;
  const Result<boost::json::object> saved = state_.Load("");
  if (!saved) {
    collection.parts.push_back({"state", saved.error()});
    return false;
  }
  const boost::json::value& access = MemberIn(*saved, kAccessLog);
  const boost::json::value error = WithZeros(MemberIn(*saved, kErrorLog), settings_.zones);
  if (!settings_.access_log.empty()) access_.emplace(settings_.access_log, StatusOfAccess, access);
  if (!settings_.error_log.empty()) error_.emplace(settings_.error_log, RefusingZone, error);
  has_state_ = true;
  return true;
}

void Nginx::Collect(const Attempt& attempt, Collection& collection) {
  if (settings_.access_log.empty() && settings_.error_log.empty()) return;
  if (!TakeUpState(collection)) return;
  ReadLog(kAccessLog, access_, attempt, collection);
  ReadLog(kErrorLog, error_, attempt, collection);
  boost::json::object state;
  if (access_) state[kAccessLog] = access_->Save();
  if (error_) state[kErrorLog] = error_->Save();
  if (Status saved = state_.Save("", state); !saved) {
    // Its reason is `other`: the trouble is this host's disk, and not the way to a source.
    collection.parts.push_back({"state", Error{ErrorCode::kInvalidInput, saved.error().message}});
    return;
  }
  Publish(kHttpRequests, access_, collection);
  Publish(kRateLimited, error_, collection);
}

void Nginx::ReadLog(std::string_view name, std::optional<LogCounts>& log, const Attempt& attempt,
                    Collection& collection) {
  if (!log) return;
  collection.sources.push_back({std::string(name), log->Read(attempt)});
  // Of an error log most lines are about other things.
  if (name != kAccessLog || log->lines() == 0 || log->counted() > 0) return;
  const std::string words = fmt::format(
      "none of {} lines has a status where nginx' format "
      "\"combined\" has it",
      log->lines());
  collection.parts.push_back({std::string(name), Error{ErrorCode::kCorrupt, words}});
}

/// Of a log that cannot be read there are no counts, though they are kept: a counter that stands
/// still would say that nothing happens.
void Nginx::Publish(const MetricDesc& metric, const std::optional<LogCounts>& log,
                    Collection& collection) {
  if (!log) return;
  const bool is_read = std::none_of(
      collection.sources.begin(), collection.sources.end(), [&](const SourceReport& report) {
        return !report.status &&
               report.source == (metric.name == kHttpRequests.name ? kAccessLog : kErrorLog);
      });
  if (!is_read) return;
  for (const auto& [key, count] : log->counts()) {
    collection.points.Add(metric, {key}, static_cast<double>(count));
  }
}

}  // namespace tocsin::collectors::atlas
