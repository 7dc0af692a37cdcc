// Reading the history of notifications and the dead letters.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sqlite.h"
#include "notify/notify_store.h"

namespace tocsin::notify {

/// Whether the query asks for such a record, whatever its id.
bool Matches(const NotifyStore::HistoryQuery& query, const HistoryRecord& record);

/// What ReadHistory() asks for, with `below` as ?1.
std::string HistoryStatement(const NotifyStore::HistoryQuery& query);

/// At most `query.limit` records with an id below `below`, newest first. Errors are those of
/// SqliteDatabase.
Result<std::vector<HistoryRecord>> ReadHistory(SqliteDatabase& database,
                                               const NotifyStore::HistoryQuery& query,
                                               std::int64_t below);

/// Dead letters with an id below `below`, newest first.
Result<std::vector<DeadLetter>> ReadDeadLetters(SqliteDatabase& database, std::size_t limit,
                                                std::int64_t below);

}  // namespace tocsin::notify
