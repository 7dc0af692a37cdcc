// `tocsin query` and `tocsin check expr`.

#pragma once

#include "exporter/command_line.h"

namespace tocsin {

/// Asks a server, or evaluates against a file, and prints what was found: a table, or the JSON of
/// the HTTP API. Warnings go to standard error. Returns the exit status: 1 if the query failed.
int RunQuery(const QueryFlags& flags);

/// Parses expressions and prints their mistakes with a caret below the place. Returns the exit
/// status: 1 if there is a mistake.
int CheckExpressions(const CheckExprFlags& flags);

}  // namespace tocsin
