// `tocsin alerts` and `tocsin silence`.

#pragma once

#include "exporter/command_line.h"

namespace tocsin {

// Each asks a server by Alertmanager's API and prints to standard output, what is wrong to standard
// error. They return the exit status: 1 if the server did not do what was asked.

/// A table, oldest first, or the API's JSON.
int ListAlerts(const AlertsFlags& flags);
/// Prints the id of the new silence.
int AddSilence(const SilenceAddFlags& flags);
int ListSilences(const SilenceListFlags& flags);
int ExpireSilences(const SilenceExpireFlags& flags);

}  // namespace tocsin
