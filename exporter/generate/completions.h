// What shells complete after "tocsin".

#pragma once

#include <vector>

#include "exporter/command_description.h"
#include "exporter/generate/generated_file.h"

namespace tocsin::generate {

/// "tocsin.bash", "_tocsin" for zsh and "tocsin.fish": commands, options, and values where there is
/// a choice of them. They need nothing but their shell. Pure.
std::vector<GeneratedFile> GenerateCompletions(const CommandDescription& tocsin);

}  // namespace tocsin::generate
