// A kind of Kubernetes object that the collector watches, with its metrics.
//
// To add a metric that is one field of an object, add a row to the table of its kind. To add a
// kind, add a file like deployments.cc, and a row to the table in resource_kinds.cc.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>

#include "base/metric.h"
#include "base/metric_sink.h"
#include "collectors/kubernetes/object_store.h"

namespace tocsin::collectors::kubernetes {

/// The objects of one kind in one namespace, or in all, and the points that are made of them. One
/// thread at a time.
class ResourceTable {
 public:
  virtual ~ResourceTable() = default;

  virtual ObjectStore& objects() = 0;
  /// Adds the points of all objects. `server_now` is the API server's clock in seconds since the
  /// epoch.
  virtual void Publish(MetricSink& points, double server_now) const = 0;
};

/// All that is known about a kind.
struct ResourceKind {
  std::string_view name;   ///< As in the path, and in the option `resources`: "deployments".
  std::string_view group;  ///< "/apis/apps/v1".
  std::span<const MetricDesc> metrics;
  std::unique_ptr<ResourceTable> (*make)(std::size_t most_objects);
};

/// A table whose points are made from each object for itself.
template <class Kept>
class TableOf final : public ResourceTable {
 public:
  using PublishOne = std::function<void(const Kept&, MetricSink&, double server_now)>;

  TableOf(std::size_t most_objects, typename KeptObjects<Kept>::Keep keep, PublishOne publish)
      : objects_(most_objects, std::move(keep)), publish_(std::move(publish)) {}

  ObjectStore& objects() override { return objects_; }
  void Publish(MetricSink& points, double server_now) const override {
    objects_.ForEach([&](const Kept& kept) { publish_(kept, points, server_now); });
  }

 private:
  KeptObjects<Kept> objects_;
  const PublishOne publish_;
};

/// How a field becomes a value.
enum class FieldKind {
  kCount,   ///< A number. Missing is 0: Kubernetes leaves out fields that are 0.
  kNumber,  ///< A number. Missing: no point.
  kMoment,  ///< A moment, as seconds since the epoch. Missing: no point.
  kFlag,    ///< true or false, as 1 or 0. Missing is 0.
  kLength,  ///< The length of a list. Missing is 0.
};

/// A metric that is one field of an object. Its labels are the namespace and the object's name.
struct FieldMetric {
  MetricDesc metric;
  std::string_view path;  ///< "status.readyReplicas".
  FieldKind kind = FieldKind::kCount;
};

/// A table of such metrics: `fields` must outlive it.
std::unique_ptr<ResourceTable> MakeFieldTable(std::size_t most_objects,
                                              std::span<const FieldMetric> fields);

/// The metrics of `fields`, for ResourceKind::metrics.
std::vector<MetricDesc> MetricsOf(std::span<const FieldMetric> fields);

/// Every kind, in the order in which they are published.
std::span<const ResourceKind> AllResourceKinds();

// The rows of AllResourceKinds(), one function per file beside this one.
ResourceKind CronJobs();
ResourceKind Deployments();
ResourceKind HorizontalPodAutoscalers();
ResourceKind Jobs();
ResourceKind Leases();
ResourceKind PodDisruptionBudgets();
ResourceKind Pods();
ResourceKind StatefulSets();

}  // namespace tocsin::collectors::kubernetes
