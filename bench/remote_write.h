// Samples by remote write, as fast as a server takes them: for the benchmarks that fill servers.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <curl/curl.h>

namespace tocsin::bench {

/// One series of a WriteRequest, in the encoding of protobuf: first its labels, sorted by name,
/// then its samples, by time.
class WrittenSeries {
 public:
  void AddLabel(std::string_view name, std::string_view value);
  void AddSample(std::int64_t milliseconds, double value);
  /// Adds it to a WriteRequest.
  void AppendTo(std::string& request) const;

 private:
  std::string encoded_;
};

/// Over one connection. One thread at a time.
class RemoteWriter {
 public:
  explicit RemoteWriter(const std::string& url);
  ~RemoteWriter();
  RemoteWriter(const RemoteWriter&) = delete;
  RemoteWriter& operator=(const RemoteWriter&) = delete;

  /// Whether the server has taken it.
  bool Write(const std::string& request);

 private:
  CURL* curl_;
  curl_slist* headers_ = nullptr;
  std::string body_;
};

}  // namespace tocsin::bench
