#include "collectors/collector.h"

#include <chrono>
#include <string_view>

#include "base/metric_sink.h"

namespace tocsin::collectors {
namespace {

void AddFailure(std::vector<Finding>& findings, std::string_view what, const Status& status) {
  if (status) return;
  findings.push_back({.message = status.error().Within(std::string(what)).message});
}

}  // namespace

std::vector<std::string> NamesOf(std::span<const MetricDesc> descriptions) {
  std::vector<std::string> names;
  names.reserve(descriptions.size());
  for (const MetricDesc& description : descriptions) names.emplace_back(description.name);
  return names;
}

bool IsOver(const Attempt& attempt) {
  return attempt.stop.stop_requested() || std::chrono::steady_clock::now() >= attempt.deadline;
}

std::vector<Finding> Collector::Check(const Attempt& attempt) {
  MetricSink points({}, nullptr);
  Collection collection{points};
  std::vector<Finding> findings;
  if (const Status collected = Collect(attempt, collection); !collected) {
    findings.push_back({.message = collected.error().message});
  }
  for (const SourceReport& source : collection.sources) {
    AddFailure(findings, source.source, source.status);
  }
  for (const SourceReport& part : collection.parts) AddFailure(findings, part.source, part.status);
  return findings;
}

std::string_view ReasonOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnavailable: return "connect";
    case ErrorCode::kTimeout: return "timeout";
    case ErrorCode::kDenied: return "auth";
    case ErrorCode::kCorrupt: return "parse";
    case ErrorCode::kNotFound: return "schema";
    case ErrorCode::kTooLarge: return "truncated";
    case ErrorCode::kInvalidInput: break;
  }
  return "other";
}

}  // namespace tocsin::collectors
