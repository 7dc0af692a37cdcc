// Log lines for people and machines.

#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace spdlog {
class logger;
}

namespace tocsin {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

/// "debug", "info", "warn" or "error"; fails with kInvalidInput.
Result<LogLevel> ParseLogLevel(std::string_view text);
/// "logfmt" or "json"; fails with kInvalidInput.
Result<LogFormat> ParseLogFormat(std::string_view text);

/// A key and a value of a log line. Keys are lower_case words. A Secret does not convert.
struct LogField {
  std::string_view key;
  std::string value;
};

/// Writes one line per event to standard error: time (UTC), level, message, fields.
///
///     log.Warn("collector down", {{"collector", "dagster"}, {"error", error.message}});
///     ts=2026-01-02T03:04:05.678Z level=warn msg="collector down" collector=dagster error="..."
///
/// Messages are constant texts, lower case, without a full stop; what varies goes into fields.
/// Callers log changes of state, not repetitions. Control characters and invalid UTF-8 are escaped,
/// so that a value can never forge a line. Safe for concurrent use.
class Log {
 public:
  using Fields = std::initializer_list<LogField>;

  Log(LogLevel least, LogFormat format);
  /// Writes to `file_descriptor` instead, which must outlive the log. For tests.
  Log(LogLevel least, LogFormat format, int file_descriptor);

  void Debug(std::string_view message, Fields fields = {}) const {
    Write(LogLevel::kDebug, message, fields);
  }
  void Info(std::string_view message, Fields fields = {}) const {
    Write(LogLevel::kInfo, message, fields);
  }
  void Warn(std::string_view message, Fields fields = {}) const {
    Write(LogLevel::kWarn, message, fields);
  }
  void Error(std::string_view message, Fields fields = {}) const {
    Write(LogLevel::kError, message, fields);
  }

 private:
  void Write(LogLevel level, std::string_view message, Fields fields) const;

  LogFormat format_;
  std::shared_ptr<spdlog::logger> logger_;
};

/// The fields of a line in logfmt: a=1 b="two words".
std::string FormatLogfmt(std::string_view message, Log::Fields fields);
/// The fields of a line as JSON members: "msg":"...","a":"1".
std::string FormatJsonMembers(std::string_view message, Log::Fields fields);

}  // namespace tocsin
