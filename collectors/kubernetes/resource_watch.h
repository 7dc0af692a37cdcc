// List and watch: how Kubernetes tells what there is, and then what changed.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/kubernetes/api_server.h"
#include "collectors/kubernetes/object_store.h"

namespace tocsin::collectors::kubernetes {

/// Which objects are asked for.
struct ResourceQuery {
  std::string path;  ///< "/apis/apps/v1/namespaces/floe/deployments".
  std::string label_selector = {};
  std::string field_selector = {};
};

/// The path of `resource` ("pods") in a namespace, or in all if that is empty. `group` is "/api/v1"
/// or "/apis/GROUP/VERSION".
std::string ResourcePath(std::string_view group, std::string_view resource,
                         std::string_view name_space);

/// Keeps an ObjectStore like the API server's objects: what to ask next, and what to make of the
/// answers.
///
/// The first time it lists all objects, in pages. After that each refresh asks for what happened
/// since the last one, as a watch of one second that begins at the resource version where the last
/// one ended: the server sends what is outstanding at once, and nothing stays open in between, so
/// that an answer proves each time that the figures are those of now, and a connection that died in
/// silence cannot pass for one without news. Watches of all resources run at the same time
/// (RefreshWatches), so a refresh takes one second however many there are.
///
/// A version that has become too old (410) leads to a new list, in the same refresh. 429 and 5xx
/// are left alone for as long as Retry-After says, or for a second, two, four, ... up to a minute;
/// 403 and 404 for a minute. An event that makes no sense leads to a new list, half a one to the
/// same question again. While a list is not complete, or after any failure, outcome() says so, and
/// what the store holds is not to be shown. One thread at a time.
/// Source: Kubernetes' documentation, "Kubernetes API Concepts", "Efficient detection of changes".
class ResourceWatch {
 public:
  /// `objects` must outlive it.
  ResourceWatch(ResourceQuery query, ObjectStore& objects);

  /// Begins a refresh.
  void Begin(SteadyPoint now);
  /// What to ask, path and query; nothing if the refresh is at its end.
  std::optional<std::string> NextPath() const;
  /// Takes in the answer to NextPath().
  void Take(const Result<HttpAnswer>& answer, const Clock& clock);
  /// Ends a refresh for lack of time.
  void RunOutOfTime();

  /// Success if the store was like the server's objects at the end of the last refresh.
  const Status& outcome() const { return outcome_; }

 private:
  bool is_listing() const { return resource_version_.empty(); }
  void TakeBody(std::string_view body, SteadyPoint now);
  Status TakePage(std::string_view body);
  Status TakeEvents(std::string_view events);
  Status TakeEvent(std::string_view text);
  bool MakeRoom();
  void TakeExpiry(SteadyPoint now);
  void TakeRefusal(const HttpAnswer& answer, const Clock& clock);
  void ListAnew();
  void Succeed();
  void Fail(Error error, std::optional<SteadyPoint> retry_at = std::nullopt);
  SteadyPoint Later(SteadyPoint now);

  const ResourceQuery query_;
  ObjectStore& objects_;
  std::size_t page_size_;
  std::string resource_version_;  // Empty while listing.
  std::string continue_;          // Where the next page begins; empty before the first.
  bool is_done_ = true;           // With this refresh.
  bool has_expired_ = false;      // In this refresh, once.
  int failures_ = 0;              // One after the other.
  std::optional<SteadyPoint> retry_at_;
  Status outcome_ = Error{ErrorCode::kUnavailable, "not asked yet"};
};

/// Brings all of `watches` up to date, asking for all of them at the same time, round by round.
/// Lists that take longer than three quarters of the time go on in the next refresh. The answer is
/// the server's clock minus ours in seconds, good to one second; nothing if no answer told.
std::optional<double> RefreshWatches(std::span<ResourceWatch* const> watches, ApiServer& server,
                                     const Attempt& attempt, const Clock& clock);

}  // namespace tocsin::collectors::kubernetes
