#include "base/http_date.h"

#include <chrono>
#include <ctime>
#include <string>

#include <curl/curl.h>

namespace tocsin {

std::optional<TimePoint> ParseHttpDate(std::string_view text) {
  const time_t at = curl_getdate(std::string(text).c_str(), nullptr);
  if (at == -1) return std::nullopt;
  return TimePoint(std::chrono::seconds{at});
}

}  // namespace tocsin
