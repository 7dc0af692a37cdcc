// The parts of the Dagster collector, one function per file beside this one.

#pragma once

#include "collectors/dagster/part.h"

namespace tocsin::collectors::dagster {

PartKind DaemonsPart();  ///< Who reports, when, and who must. Also finds Session::naive_offset().
PartKind ActiveRunsPart();        ///< Runs that are not finished.
PartKind CompletedRunsPart();     ///< Runs that finished, counted by a watermark.
PartKind RecentRunsPart();        ///< Finished runs of the last hours, looked up anew.
PartKind RunWaitPart();           ///< How long new runs waited to start.
PartKind ConcurrencyPart();       ///< Slots of op pools and the steps that wait for them.
PartKind TicksPart();             ///< Evaluations of schedules and sensors, counted by a watermark.
PartKind InstigatorsPart();       ///< Schedules and sensors, and their last evaluation.
PartKind BackfillsPart();         ///< Backfills that are not finished.
PartKind StepsPart();             ///< Failed and retried steps, counted by a watermark.
PartKind MaterializationsPart();  ///< Materializations, counted by a watermark.
PartKind AssetsPart();            ///< Freshness and checks of the assets that were asked for.
PartKind SchemaPart();            ///< The version of Dagster's tables.
PartKind ConnectionsPart();       ///< Backends of the database. PostgreSQL only.
PartKind RelationsPart();         ///< Sizes and vacuum state of the tables. PostgreSQL only.

}  // namespace tocsin::collectors::dagster
