// `tocsin replay`.

#pragma once

#include "exporter/command_line.h"

namespace tocsin {

/// Prints which alerts rules would have raised over the samples of a file or of a server. Returns
/// the exit status: 1 if there is nothing to replay, or a rule failed.
int RunReplay(const ReplayFlags& flags);

}  // namespace tocsin
