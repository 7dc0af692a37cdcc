#pragma once

#include <vector>

#include "collectors/collector.h"
#include "collectors/sql/connection.h"
#include "collectors/sql_queries/settings.h"

namespace tocsin::collectors::sql_queries {

/// What the database says of the queries, without running them: those that it refuses, columns that
/// they do not give, and, on PostgreSQL, tables of more than kBigTable rows that they read from end
/// to end, or an index of them. If the database cannot be reached, that alone.
std::vector<Finding> CheckPlans(const Settings& settings, SqlConnection& connection,
                                const Attempt& attempt);

/// Rows that a table has, by the planner's estimate, from which on reading all of it is worth a
/// warning.
inline constexpr double kBigTable = 100'000;

}  // namespace tocsin::collectors::sql_queries
