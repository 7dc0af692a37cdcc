#include "exporter/log_mistakes.h"

#include <sstream>
#include <string>

namespace tocsin {

void LogMistakes(const Log& log, std::string_view message, const Error& error) {
  std::istringstream lines(error.message);
  for (std::string line; std::getline(lines, line);) log.Error(message, {{"error", line}});
}

}  // namespace tocsin
