// Any line of a log has a status of three digits or none, and a zone that stands in it or none.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/atlas/nginx_logs.h"
#include "collectors/atlas/worker_watch.h"

using tocsin::collectors::atlas::RefusingZone;
using tocsin::collectors::atlas::StatusOfAccess;
using tocsin::collectors::atlas::WorkerWatch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto status = StatusOfAccess(line);
  if (status && (status->size() != 3 || line.find(*status) == std::string_view::npos)) std::abort();
  const auto zone = RefusingZone(line);
  if (zone && (zone->empty() || zone->find('"') != std::string_view::npos)) std::abort();
  WorkerWatch watch;
  if (watch.IsAnother(line) || watch.IsAnother(line)) {
    // Only a page that has a series twice can disagree with itself.
    if (line.find('\n') == std::string_view::npos) std::abort();
  }
  return 0;
}
