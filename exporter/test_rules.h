// `tocsin test rules`.

#pragma once

#include "exporter/command_line.h"

namespace tocsin {

/// Runs the rule tests of files, and prints what became of each file, as promtool does. Returns the
/// exit status: 1 if a test failed or a file has mistakes.
int TestRules(const TestRulesFlags& flags);

}  // namespace tocsin
