#include "collectors/collector.h"

namespace tocsin::collectors {

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
