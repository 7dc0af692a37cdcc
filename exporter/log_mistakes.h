#pragma once

#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace tocsin {

/// Logs `message` as an error, once for each line of `error`: a configuration has a line for each
/// of its mistakes.
void LogMistakes(const Log& log, std::string_view message, const Error& error);

}  // namespace tocsin
