// What DashFlow's own families are called, and what they become.

#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "base/metric.h"
#include "base/result.h"
#include "collectors/prometheus/page.h"

namespace tocsin::collectors::dashflow {

/// A family that is passed on.
struct Renaming {
  MetricDesc metric;  ///< What it becomes. Only a description: its samples come from pages.
  /// What it may be called there, the first that is found counts; empty at the end.
  std::array<std::string_view, 4> sources = {};
};

/// All of them. What a page has beside these is not DashFlow's, or not asked for.
std::span<const Renaming> Renamings();

/// A family found in the pages of one pod.
struct Choice {
  PageFamily family;       ///< Ready to be passed on as `renaming.metric`, but for its name.
  bool collision = false;  ///< It was there under several of its names: the preferred one is here.
};

/// What `pages`, all of one pod, have of `renaming`: of the first page that has its preferred name.
/// Nothing if none has any. Fails with kCorrupt if it is of another type than it should be.
/// A label `type` or `error_type` of dashflow_errors_total becomes both.
Result<std::optional<Choice>> Choose(const Renaming& renaming, std::span<const Page> pages);

}  // namespace tocsin::collectors::dashflow
