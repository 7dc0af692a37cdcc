// Fields of Kubernetes objects in JSON, which may turn out to be anything.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace tocsin::collectors::kubernetes {

/// What `path`, such as "status.readyReplicas", leads to in `object`; a null value if it leads
/// nowhere.
const boost::json::value& FieldAt(const boost::json::value& object, std::string_view path);

/// Fields of those types; else "", nothing, or nothing.
std::string TextAt(const boost::json::value& object, std::string_view path);
std::optional<double> NumberAt(const boost::json::value& object, std::string_view path);
std::optional<bool> FlagAt(const boost::json::value& object, std::string_view path);
/// A moment ("2026-01-02T03:04:05.678901Z") as seconds since the epoch.
std::optional<double> MomentAt(const boost::json::value& object, std::string_view path);
/// How many items a list has; 0 if there is none.
std::size_t CountAt(const boost::json::value& object, std::string_view path);
/// The items of a list, or none, as long as `object` lives.
const boost::json::array& ListAt(const boost::json::value& object, std::string_view path);
/// The members of a map, or none, as long as `object` lives.
const boost::json::object& MapAt(const boost::json::value& object, std::string_view path);

/// The owner that manages an object: the one of metadata.ownerReferences with `controller: true`.
struct Controller {
  std::string kind;
  std::string name;
};
std::optional<Controller> ControllerOf(const boost::json::value& object);

/// The status of the condition called `type` in status.conditions ("True", "False", "Unknown"); ""
/// if there is none.
std::string ConditionOf(const boost::json::value& object, std::string_view type);

/// `name` with "_" for all that no label of Prometheus may have in its name:
/// "nvidia.com/gpu" becomes "nvidia_com_gpu".
std::string LabelNameOf(std::string_view name);

}  // namespace tocsin::collectors::kubernetes
