// The man page tocsin(1).

#pragma once

#include <string_view>

#include "exporter/command_description.h"
#include "exporter/generate/generated_file.h"

namespace tocsin::generate {

/// "tocsin.1", in the macros of man(7): every command, every option. Names no day, so that the same
/// tocsin gives the same page. Pure.
GeneratedFile GenerateManPage(const CommandDescription& tocsin, std::string_view version);

}  // namespace tocsin::generate
