// `tocsin test notify`.

#pragma once

#include "exporter/command_line.h"

namespace tocsin {

/// Sends one notification, marked as a test, through every entry of a receiver, as the
/// configuration says it; no server runs for that, and nothing is kept. Prints what came of each.
/// Returns the exit status: 1 if one has failed, or there is no such receiver.
int TestNotify(const TestNotifyFlags& flags);

}  // namespace tocsin
