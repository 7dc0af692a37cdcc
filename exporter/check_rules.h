// `tocsin check rules`.

#pragma once

#include <string>
#include <vector>

#include "exporter/command_line.h"

namespace tocsin {

/// The names of all checks of the linter, those that need a server too.
std::vector<std::string> LintCheckNames();

/// Reads rule files, and prints how many rules each has, or its mistakes; then what the linter says
/// about the files that have none. Returns the exit status, as promtool: 1 for mistakes, 3 for
/// findings of the linter beyond infos if they are fatal.
int CheckRules(const CheckRulesFlags& flags);

}  // namespace tocsin
