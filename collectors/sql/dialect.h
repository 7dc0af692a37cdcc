// What PostgreSQL and SQLite want to be told differently.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::collectors {

enum class Dialect { kPostgres, kSqlite };

/// The statement with "{now}" replaced by the database's own clock, in Unix seconds. It may only
/// stand in a SELECT list, since a volatile function can never be an index condition.
std::string WithNow(std::string_view statement, Dialect dialect);

/// A parameter for a list of texts: `= ANY($1::text[])` in PostgreSQL, `IN (SELECT value FROM
/// json_each($1))` in SQLite. Likewise for whole numbers, with `bigint[]`.
std::string ListParameter(Dialect dialect, const std::vector<std::string>& texts);
std::string ListParameter(Dialect dialect, const std::vector<std::int64_t>& numbers);

}  // namespace tocsin::collectors
