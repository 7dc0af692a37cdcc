#include "bench/remote_write.h"

#include <snappy.h>

namespace tocsin::bench {
namespace {

void AppendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void AppendField(std::string& out, int number, std::string_view bytes) {
  AppendVarint(out, static_cast<std::uint64_t>(number) << 3 | 2);
  AppendVarint(out, bytes.size());
  out += bytes;
}

}  // namespace

void WrittenSeries::AddLabel(std::string_view name, std::string_view value) {
  std::string label;
  AppendField(label, 1, name);
  AppendField(label, 2, value);
  AppendField(encoded_, 1, label);
}

void WrittenSeries::AddSample(std::int64_t milliseconds, double value) {
  std::string sample(1, '\x09');
  sample.append(reinterpret_cast<const char*>(&value), sizeof value);
  sample += '\x10';
  AppendVarint(sample, static_cast<std::uint64_t>(milliseconds));
  AppendField(encoded_, 2, sample);
}

void WrittenSeries::AppendTo(std::string& request) const {
  AppendField(request, 1, encoded_);
}

RemoteWriter::RemoteWriter(const std::string& url) : curl_(curl_easy_init()) {
  headers_ = curl_slist_append(headers_, "Content-Type: application/x-protobuf");
  headers_ = curl_slist_append(headers_, "Content-Encoding: snappy");
  headers_ = curl_slist_append(headers_, "X-Prometheus-Remote-Write-Version: 0.1.0");
  curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
}

RemoteWriter::~RemoteWriter() {
  curl_slist_free_all(headers_);
  curl_easy_cleanup(curl_);
}

bool RemoteWriter::Write(const std::string& request) {
  snappy::Compress(request.data(), request.size(), &body_);
  curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body_.data());
  curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE, static_cast<long>(body_.size()));
  long status = 0;
  if (curl_easy_perform(curl_) != CURLE_OK) return false;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
  return status / 100 == 2;
}

}  // namespace tocsin::bench
