#include "base/curl_handle.h"

namespace tocsin {

CurlEasy MakeCurlEasy() {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(kStarted);
  return CurlEasy(curl_easy_init());
}

}  // namespace tocsin
