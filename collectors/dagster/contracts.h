// What floe's contract monitor keeps in a database of its own.

#pragma once

#include "collectors/dagster/database_source.h"
#include "collectors/dagster/part.h"

namespace tocsin::collectors::dagster {

/// The tables of the contract monitor. PostgreSQL only; its moments are with time zone, and are
/// selected in UTC. Source: floe's
/// packages/floe-core/src/floe_core/contracts/monitoring/db/models.py.
const DatabaseKind& ContractsDatabaseKind();

PartKind ContractViolationsPart();  ///< Violations, counted by a watermark.
PartKind ContractSlaPart();         ///< How well each contract is kept.
PartKind ContractChecksPart();      ///< When the monitor last checked.
PartKind ContractRegistryPart();    ///< How many contracts are watched.

}  // namespace tocsin::collectors::dagster
