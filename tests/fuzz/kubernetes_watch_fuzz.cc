// Whatever an API server sends, list and watch end, and what was kept can be published. The first
// byte chooses the kind of object; the rest is answers, one after the other, with a zero byte in
// between.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/metric_sink.h"
#include "collectors/kubernetes/resource_kind.h"
#include "collectors/kubernetes/resource_watch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::collectors::kubernetes;
  constexpr std::size_t kMostObjects = 100;
  if (size == 0) return 0;
  const auto kinds = AllResourceKinds();
  const auto table = kinds[data[0] % kinds.size()].make(kMostObjects);
  ResourceWatch watch({.path = "/api/v1/pods"}, table->objects());
  const SystemClock clock;
  std::string_view answers(reinterpret_cast<const char*>(data) + 1, size - 1);
  watch.Begin(clock.SteadyNow());
  while (watch.NextPath() && !answers.empty()) {
    const std::size_t end = std::min(answers.find('\0'), answers.size());
    watch.Take(HttpAnswer{200, {}, std::string(answers.substr(0, end))}, clock);
    answers.remove_prefix(std::min(end + 1, answers.size()));
    // After a success, as if it were the next collection.
    if (watch.outcome()) watch.Begin(clock.SteadyNow());
  }
  watch.RunOutOfTime();
  if (table->objects().size() > kMostObjects) std::abort();
  MetricSink sink({.max_series = 1000, .constant_labels = {}}, nullptr);
  table->Publish(sink, UnixSeconds(clock.Now()));
  sink.Finish(clock.Now());
  return 0;
}
