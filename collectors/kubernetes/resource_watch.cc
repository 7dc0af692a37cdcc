#include "collectors/kubernetes/resource_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/http_date.h"
#include "collectors/kubernetes/object.h"
#include "collectors/url_text.h"

namespace tocsin::collectors::kubernetes {
namespace {

namespace json = boost::json;

constexpr std::size_t kPageSize = 500;  // That of kubectl.
constexpr int kWatchSeconds = 1;        // The least there is.
constexpr std::chrono::minutes kRetryRefused{1};
constexpr std::chrono::minutes kRetryTooMany{5};
constexpr std::chrono::minutes kLongestRetryAfter{5};
constexpr int kMostDoublings = 6;  // From one second to a minute.
constexpr std::size_t kDeepest = 64;
constexpr std::size_t kLongestReason = 300;

constexpr int kGone = 410;
constexpr int kTooManyRequests = 429;

/// Parses into memory of `resource`, which goes as a whole.
Result<json::value> Parse(std::string_view text, json::monotonic_resource& resource) {
  json::parse_options options;
  options.max_depth = kDeepest;
  json::error_code problem;
  json::value value = json::parse(text, problem, &resource, options);
  if (problem) return Error{ErrorCode::kCorrupt, "what the API server sent is no JSON"};
  return value;
}

/// What a refusal says in its body, a Status object, for people.
std::string ReasonIn(std::string_view body) {
  json::monotonic_resource memory;
  const Result<json::value> status = Parse(body, memory);
  std::string reason = status ? TextAt(*status, "message") : "";
  if (reason.size() > kLongestReason) reason.resize(kLongestReason);
  return reason.empty() ? "" : ": " + reason;
}

Error Expired() {
  return {ErrorCode::kNotFound, "the resource version is too old"};
}

std::string_view NextLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

std::string ResourcePath(std::string_view group, std::string_view resource,
                         std::string_view name_space) {
  if (name_space.empty()) return fmt::format("{}/{}", group, resource);
  return fmt::format("{}/namespaces/{}/{}", group, UrlEscaped(name_space), resource);
}

ResourceWatch::ResourceWatch(ResourceQuery query, ObjectStore& objects)
    : query_(std::move(query)), objects_(objects), page_size_(kPageSize) {}

void ResourceWatch::Begin(SteadyPoint now) {
  is_done_ = retry_at_ && now < *retry_at_;
  has_expired_ = false;
  if (!is_done_) retry_at_.reset();
}

std::optional<std::string> ResourceWatch::NextPath() const {
  if (is_done_) return std::nullopt;
  std::string path = query_.path;
  if (is_listing()) {
    path += fmt::format("?limit={}", page_size_);
    if (!continue_.empty()) path += "&continue=" + UrlEscaped(continue_);
  } else {
    path += fmt::format("?watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
                        kWatchSeconds, UrlEscaped(resource_version_));
  }
  const auto add_selector = [&](std::string_view key, const std::string& selector) {
    if (!selector.empty()) path += fmt::format("&{}={}", key, UrlEscaped(selector));
  };
  add_selector("labelSelector", query_.label_selector);
  add_selector("fieldSelector", query_.field_selector);
  return path;
}

void ResourceWatch::Take(const Result<HttpAnswer>& answer, const Clock& clock) {
  if (!answer) {
    if (answer.error().code == ErrorCode::kTooLarge && MakeRoom()) return;
    Fail(answer.error());
  } else if (answer->ok()) {
    TakeBody(answer->body, clock.SteadyNow());
  } else {
    TakeRefusal(*answer, clock);
  }
}

/// After an answer that was too long: asks for less. False if there is no way to.
bool ResourceWatch::MakeRoom() {
  if (!is_listing()) {
    ListAnew();
    return true;
  }
  page_size_ /= 2;
  if (page_size_ > 0) return true;
  page_size_ = 1;
  return false;
}

void ResourceWatch::TakeBody(std::string_view body, SteadyPoint now) {
  const Status taken = is_listing() ? TakePage(body) : TakeEvents(body);
  if (taken) return;
  const Error& error = taken.error();
  if (error.code == ErrorCode::kNotFound) {
    TakeExpiry(now);
  } else if (error.code == ErrorCode::kTooLarge) {
    objects_.Clear();
    ListAnew();
    Fail(error, now + kRetryTooMany);
  } else {
    Fail(error, Later(now));
  }
}

Status ResourceWatch::TakePage(std::string_view body) {
  json::monotonic_resource memory;
  const Result<json::value> page = Parse(body, memory);
  if (!page) return page.error();
  std::string version = TextAt(*page, "metadata.resourceVersion");
  if (version.empty() || !FieldAt(*page, "items").is_array()) {
    return Error{ErrorCode::kCorrupt, "what the API server sent is no list of objects"};
  }
  // Nobody is shown half a list, and the objects of the old one would count against the limit.
  if (continue_.empty()) objects_.Clear();
  for (const json::value& object : ListAt(*page, "items")) {
    if (Status put = objects_.Put(object); !put) return put;
  }
  continue_ = TextAt(*page, "metadata.continue");
  if (!continue_.empty()) return {};
  resource_version_ = std::move(version);
  Succeed();
  return {};
}

/// Events are taken in one by one, and each moves on the version to go on from.
Status ResourceWatch::TakeEvents(std::string_view events) {
  while (!events.empty()) {
    const bool is_whole = events.find('\n') != std::string_view::npos;
    const std::string_view line = NextLine(events);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Status taken = TakeEvent(line);
    if (taken) continue;
    if (is_whole || taken.error().code != ErrorCode::kCorrupt) {
      // It would come again, and with it what is wrong.
      if (taken.error().code == ErrorCode::kCorrupt) ListAnew();
      return taken;
    }
    return Error{ErrorCode::kCorrupt, "the last event is cut off"};
  }
  Succeed();
  return {};
}

Status ResourceWatch::TakeEvent(std::string_view text) {
  json::monotonic_resource memory;
  const Result<json::value> event = Parse(text, memory);
  if (!event) return event.error();
  const std::string type = TextAt(*event, "type");
  const json::value& object = FieldAt(*event, "object");
  Status taken;
  if (type == "ADDED" || type == "MODIFIED") {
    taken = objects_.Put(object);
  } else if (type == "DELETED") {
    objects_.Remove(object);
  } else if (type == "ERROR") {
    if (NumberAt(object, "code") == kGone) return Expired();
    return Error{ErrorCode::kUnavailable,
                 fmt::format("the watch ended: {}", TextAt(object, "message"))};
  } else if (type != "BOOKMARK") {
    return Error{ErrorCode::kCorrupt, "what the API server sent is no event"};
  }
  if (!taken) return taken;
  std::string version = TextAt(object, "metadata.resourceVersion");
  if (!version.empty()) resource_version_ = std::move(version);
  return {};
}

void ResourceWatch::TakeRefusal(const HttpAnswer& answer, const Clock& clock) {
  const SteadyPoint now = clock.SteadyNow();
  const auto refuse = [&](ErrorCode code, std::string_view words,
                          std::optional<SteadyPoint> retry_at) {
    Fail({code, fmt::format("{} ({}){}", words, answer.status, ReasonIn(answer.body))}, retry_at);
  };
  switch (answer.status) {
    case kGone: TakeExpiry(now); break;
    // Tried again at once the next time: the token may have been replaced.
    case 401: refuse(ErrorCode::kDenied, "not logged in", std::nullopt); break;
    case 403: refuse(ErrorCode::kDenied, "no right to list and watch", now + kRetryRefused); break;
    case 404: refuse(ErrorCode::kNotFound, "no such resource", now + kRetryRefused); break;
    default: {
      const bool is_busy = answer.status >= 500 || answer.status == kTooManyRequests;
      const std::optional<Duration> wait = RetryAfter(answer, clock.Now());
      refuse(is_busy ? ErrorCode::kUnavailable : ErrorCode::kInvalidInput,
             is_busy ? "the API server is busy" : "the API server refuses",
             wait ? now + std::min(*wait, Duration(kLongestRetryAfter)) : Later(now));
    }
  }
}

/// What happened since then is no longer known: all is asked for anew, at once, but not for ever.
void ResourceWatch::TakeExpiry(SteadyPoint now) {
  ListAnew();
  if (std::exchange(has_expired_, true)) Fail(Expired(), Later(now));
}

void ResourceWatch::ListAnew() {
  resource_version_.clear();
  continue_.clear();
}

void ResourceWatch::Succeed() {
  is_done_ = true;
  failures_ = 0;
  outcome_ = {};
}

void ResourceWatch::Fail(Error error, std::optional<SteadyPoint> retry_at) {
  is_done_ = true;
  retry_at_ = retry_at;
  outcome_ = std::move(error);
}

/// When to ask again after one more failure.
SteadyPoint ResourceWatch::Later(SteadyPoint now) {
  const int doublings = std::min(failures_++, kMostDoublings);
  return now + std::chrono::seconds(1) * (1 << doublings);
}

void ResourceWatch::RunOutOfTime() {
  if (is_done_) return;
  Fail({ErrorCode::kTimeout,
        fmt::format("the list is not complete yet: {} objects so far", objects_.size())});
}

std::optional<double> RefreshWatches(std::span<ResourceWatch* const> watches, ApiServer& server,
                                     const Attempt& attempt, const Clock& clock) {
  const auto began = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  const SteadyPoint ask_until = began + (attempt.deadline - began) * 3 / 4;
  std::optional<double> skew;
  for (ResourceWatch* const watch : watches) watch->Begin(clock.SteadyNow());
  do {
    std::vector<std::string> paths;
    std::vector<ResourceWatch*> askers;
    for (ResourceWatch* const watch : watches) {
      if (auto path = watch->NextPath()) {
        paths.push_back(std::move(*path));
        askers.push_back(watch);
      }
    }
    if (paths.empty()) break;
    const TimePoint asked_at = clock.Now();
    const std::vector<Result<HttpAnswer>> answers = server.GetAll(paths, attempt);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto date = answers[i] ? ParseHttpDate(answers[i]->Header("Date")) : std::nullopt;
      constexpr Duration kHalfASecond{500};  // The header is cut off to whole seconds.
      if (date && !skew) skew = Seconds(*date + kHalfASecond - asked_at);
      askers[i]->Take(answers[i], clock);
    }
  } while (std::chrono::steady_clock::now() < ask_until && !attempt.stop.stop_requested());
  for (ResourceWatch* const watch : watches) watch->RunOutOfTime();
  return skew;
}

}  // namespace tocsin::collectors::kubernetes
