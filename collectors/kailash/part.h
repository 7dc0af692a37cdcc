// A part of what the database tells: one topic, with its statements and its points.

#pragma once

#include <array>
#include <memory>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "collectors/kailash/session.h"
#include "collectors/kailash/settings.h"

namespace tocsin::collectors::kailash {

/// One topic of one collector. It keeps what it read, so that Publish() can give the last values
/// again while Read() is not due. One thread at a time.
class Part {
 public:
  Part() = default;
  virtual ~Part() = default;
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  /// The least time between two reads; 0 reads in each collection.
  virtual Duration every() const { return Duration(0); }

  /// Whether there is anything to read, given the settings and the kind of database.
  virtual bool IsWanted(Dialect /*dialect*/) const { return true; }

  /// Reads what has to be read. No statement's cost may grow with the history. On failure the part
  /// is as it was, or further by whole steps. kNotFound says that a table or a column is missing:
  /// Kailash makes some tables only when they are first used.
  virtual Status Read(Session& session) = 0;

  /// Adds the points for what was last read. Called only after a successful Read().
  virtual void Publish(MetricSink& points) const = 0;

  /// Whether it counts on from what was saved. If so it is left out while the saved state cannot be
  /// read: totals that began at 0 meanwhile would fall first and then rise by all that was saved.
  virtual bool HasTotals() const { return false; }

  /// What must survive a restart, such as counters. Restore() is called once, before the first
  /// Read(), with what Save() gave, or with null if it gave nothing. It ignores what it does not
  /// understand.
  virtual void Save(boost::json::object& /*state*/) const {}
  virtual void Restore(const boost::json::value& /*saved*/) {}
};

/// A kind of part. `settings` outlives what is made.
struct PartKind {
  std::string_view name;  ///< Says what is missing when its table is, and names its state.
  std::unique_ptr<Part> (*make)(const Settings& settings);
};

PartKind ExecutionsPart();   ///< Finished executions, counted by a watermark.
PartKind PendingPart();      ///< Executions that have not ended.
PartKind TasksPart();        ///< Waiting and processing tasks of the queues.
PartKind DeadTasksPart();    ///< Tasks given up.
PartKind RegistryPart();     ///< Registered workers and their heartbeats.
PartKind DeadLettersPart();  ///< The dead-letter table, counted by a watermark.
PartKind SessionsPart();     ///< Sessions of pools. PostgreSQL only.

}  // namespace tocsin::collectors::kailash
