// The tables of a real Dagster's SQLite storage.

#pragma once

#include <string_view>

namespace tocsin::demo {

/// The scripts that make the tables and indexes of Dagster 1.13's SQLite files (as SQLAlchemy
/// writes them), in the three files below $DAGSTER_HOME that hold what concerns the whole
/// installation. Each may be run again on a file that has them. Alembic revision 29b539ebc72a.
extern const std::string_view kRunsSchema;       ///< history/runs.db
extern const std::string_view kEventsSchema;     ///< history/runs/index.db
extern const std::string_view kSchedulesSchema;  ///< schedules/schedules.db

}  // namespace tocsin::demo
