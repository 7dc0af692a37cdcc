// Owners of what libcurl makes. For the files of base/ that speak through it; not for others.

#pragma once

#include <memory>

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

/// A new handle; the first makes libcurl ready for the whole process. Safe for concurrent use.
CurlEasy MakeCurlEasy();

}  // namespace tocsin
