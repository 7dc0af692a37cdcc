#include "tests/differential/vocabulary.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "tests/differential/samples.h"

namespace tocsin::promql {

const std::array<Metric, 8>& Metrics() {
  static const std::array<Metric, 8> kMetrics = {
      Metric{"requests_total", {"code", "instance", "job"}, true},
      Metric{"bytes_total", {"instance", "job"}, true},
      Metric{"latency_count", {"instance", "job"}, true},
      Metric{"queue_depth", {"instance", "job", "queue"}},
      Metric{"temperature", {"instance", "job"}},
      Metric{"build_info", {"instance", "job", "version"}},
      Metric{"limit", {"job"}},
      Metric{"latency_sum", {"instance", "job"}, true},
  };
  return kMetrics;
}

const Metric& SteadyMetric() {
  return Metrics()[5];
}

const Metric& RestlessMetric(Random& random) {
  return Metrics()[random.OneIn(2) ? 3 : 4];
}

bool Vector::HasSeveralNames() const {
  return text.find(" or ") != std::string::npos;
}

bool Includes(const Names& all, const Names& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

Names Common(const Names& a, const Names& b) {
  Names common;
  std::ranges::set_intersection(a, b, std::back_inserter(common));
  return common;
}

std::string Concat(std::initializer_list<std::string> parts) {
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

std::string Join(const Names& names) {
  std::string text;
  for (const std::string_view name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

std::string Vocabulary::Duration() {
  constexpr std::array<std::string_view, 9> kDurations = {"30s", "1m",  "2m",    "5m", "10m",
                                                          "90s", "20s", "1m30s", "15m"};
  return std::string(random_.From(kDurations));
}

std::string Vocabulary::SubqueryRange(bool inside_subquery) {
  constexpr std::array<std::string_view, 4> kOutside = {"2m", "5m", "10m", "7m30s"};
  constexpr std::array<std::string_view, 4> kInside = {"1m5s", "2m25s", "4m55s", "10m15s"};
  return std::string(inside_subquery ? random_.From(kInside) : random_.From(kOutside));
}

std::string Vocabulary::SubqueryStep() {
  // Within most ranges there is no multiple of the last one.
  constexpr std::array<std::string_view, 6> kSteps = {"10s", "20s", "30s", "1m", "", "13m"};
  return std::string(random_.From(kSteps));
}

std::string Vocabulary::Number() {
  constexpr std::array<std::string_view, 12> kNumbers = {"0",   "1",    "2",    "3",   "10", "0.5",
                                                         "100", "1000", "0.25", "1e6", "-1", "4e8"};
  return std::string(random_.From(kNumbers));
}

std::string Vocabulary::Offset() {
  constexpr std::array<std::string_view, 4> kOffsets = {"1m", "10m", "-5m", "30s"};
  return random_.OneIn(8) ? " offset " + std::string(random_.From(kOffsets)) : "";
}

std::string Vocabulary::At() {
  if (!random_.OneIn(12)) return "";
  const Millis at = kDataStart + 7000 + random_.Between(360, 715) * 10'000;
  const std::array<std::string, 3> moments = {"start()", "end()", std::to_string(at / 1000)};
  return " @ " + random_.From(moments);
}

std::string Vocabulary::Modifiers() {
  const std::string offset = Offset();
  return offset + At();
}

std::string Vocabulary::Arithmetic() {
  constexpr std::array<std::string_view, 6> kOperators = {" + ", " - ", " * ", " / ", " % ", " ^ "};
  constexpr std::array<std::string_view, 5> kOperands = {"2", "3", "0.5", "7", "-1.5"};
  std::string text = "(" + std::string(random_.From(kOperands));
  for (std::size_t i = 1 + random_.Below(4); i > 0; --i) {
    text += random_.From(kOperators);
    text += random_.From(kOperands);
  }
  return text + ')';
}

Vector Vocabulary::Selector(const Metric& metric) {
  Vector vector;
  vector.text = metric.name;
  vector.labels = metric.labels;
  std::string matchers;
  constexpr std::array<std::string_view, 10> kMatchers = {
      R"(job="api")",       R"(job!="db")",       R"(job=~"api|web")", R"(instance=~"[ab].*")",
      R"(instance="c:80")", R"(instance!~"a.+")", R"(job=~".*b")",     R"(nothing="")",
      R"(job!~"web|none")", R"(instance!="a:80")"};
  while (random_.OneIn(3)) {
    matchers += matchers.empty() ? "" : ", ";
    matchers += random_.From(kMatchers);
  }
  if (!matchers.empty()) vector.text += '{' + matchers + '}';
  return vector;
}

Vector Vocabulary::InstantSelector() {
  Vector vector = AnySelector();
  vector.text += Modifiers();
  return vector;
}

std::string Vocabulary::Distinct() {
  const std::array<std::string_view, 3> kNames = {"queue_depth", "temperature", "bytes_total"};
  return std::string(random_.From(kNames));
}

std::string Vocabulary::Quantile() {
  constexpr std::array<std::string_view, 6> kQuantiles = {"0.5", "0.9", "0", "1", "0.25", "0.99"};
  return std::string(random_.From(kQuantiles));
}

}  // namespace tocsin::promql
