#include "base/curl_handle.h"

#include <system_error>

#include "base/text.h"

namespace tocsin {

CurlEasy MakeCurlEasy() {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(kStarted);
  return CurlEasy(curl_easy_init());
}

void Append(CurlTexts& texts, const std::string& text) {
  curl_slist* const longer = curl_slist_append(texts.get(), text.c_str());
  if (longer == nullptr) return;  // Out of memory: then nothing else works either.
  static_cast<void>(texts.release());
  texts.reset(longer);
}

std::string WordsOf(CURL* easy, CURLcode problem) {
  long reason = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &reason);
  const bool is_connecting = problem == CURLE_COULDNT_CONNECT && reason != 0;
  return Uncapitalized(is_connecting ? std::generic_category().message(static_cast<int>(reason))
                                     : std::string(curl_easy_strerror(problem)));
}

}  // namespace tocsin
