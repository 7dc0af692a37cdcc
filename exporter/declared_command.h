// A command that was declared to the parser of the command line.

#pragma once

#include <functional>

#include "base/result.h"
#include "exporter/command_line.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11 is called that.
class App;
}

namespace tocsin {

/// One command, and how what was read becomes an answer. Once that `app` is parsed, and as long as
/// what declared it lives.
struct DeclaredCommand {
  CLI::App* app;  ///< Owned by the app it was added to.
  std::function<Result<CommandLine>()> answer;
};

}  // namespace tocsin
