// The commands that do one thing and end. Each prints to standard output and error, and returns the
// exit status.

#pragma once

#include "exporter/command_line.h"

namespace tocsin {

/// 0 if all files are good, else 1 with each mistake as file:line:col on standard error. Storage
/// that this user could not write is a warning: whoever checks a file need not be who serves with
/// it. With `connect`, each collector of a good file also looks at its source, for as long as it
/// may take to collect: what it cannot collect is 1, too; what it warns of is not.
int CheckConfig(const CheckConfigFlags& flags);

/// 0 if nothing is wrong, 1 for what is no metrics text, 3 for lint findings, as promtool.
int CheckMetrics(const CheckMetricsFlags& flags);

/// 0, or 2 if there is no collector of that name.
int ListCollectors(const CollectorsFlags& flags);

/// 0 if the answer is 2xx within 5 seconds, else 1 with the reason on standard error.
int Healthcheck(const HealthcheckFlags& flags);

/// 0 when told to stop by a signal, else 1 with the reason in the log.
int PlayDemo(const DemoFlags& flags);

/// 0, or 1 if no demo plays in that folder.
int ReviveDemo(const DemoFlags& flags);

}  // namespace tocsin
