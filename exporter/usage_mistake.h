#pragma once

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11 is called that.
class App;
class ParseError;
}  // namespace CLI

namespace tocsin {

/// What is wrong with a command line that `app` has not taken, in our words where CLI11's do not
/// help: a command or an option that nobody knows is named, with the one that is most like it.
std::string UsageMistake(const CLI::App& app, const CLI::ParseError& problem);

}  // namespace tocsin
