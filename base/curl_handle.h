// Owners of what libcurl makes. For the files that speak through it (see ARCHITECTURE.md); not for
// others.

#pragma once

#include <memory>
#include <string>

#include <curl/curl.h>

namespace tocsin {

/// Frees by a function of libcurl.
template <auto Function>
struct CurlFreer {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};

using CurlEasy = std::unique_ptr<CURL, CurlFreer<&curl_easy_cleanup>>;
using CurlMulti = std::unique_ptr<CURLM, CurlFreer<&curl_multi_cleanup>>;
using CurlUrl = std::unique_ptr<CURLU, CurlFreer<&curl_url_cleanup>>;
using CurlTexts = std::unique_ptr<curl_slist, CurlFreer<&curl_slist_free_all>>;

/// A new handle; the first makes libcurl ready for the whole process. Safe for concurrent use.
CurlEasy MakeCurlEasy();

/// Appends a copy of `text`.
void Append(CurlTexts& texts, const std::string& text);

/// What failed, without capital: in errno's words if there was no connection for a reason that it
/// knows, else in libcurl's, which name nothing.
std::string WordsOf(CURL* easy, CURLcode problem);

}  // namespace tocsin
