#include "base/log.h"

#include <unistd.h>

#include <array>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include "base/utf8.h"

namespace tocsin {
namespace {

/// One write(2) per line, so that lines of several processes on one descriptor do not mix.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit DescriptorSink(int fd) : fd_(fd) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const char* next = line.data();
    std::size_t left = line.size();
    while (left > 0) {
      const ssize_t written = write(fd_, next, left);
      if (written <= 0) return;  // There is nowhere left to say so.
      next += written;
      left -= static_cast<std::size_t>(written);
    }
  }
  void flush_() override {}

  const int fd_;
};

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: break;
  }
  return spdlog::level::err;
}

/// Appends `text` inside double quotes, escaped as JSON asks; logfmt readers take the same.
void AppendQuoted(std::string& out, std::string_view text) {
  const bool well_formed = IsUtf8(text);
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else if (byte >= 0x80 && !well_formed) {
      out += "\\ufffd";
    } else {
      out += c;
    }
  }
  out += '"';
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7f || c == '"' || c == '=' || c == '\\') return true;
  }
  return false;
}

}  // namespace

Result<LogLevel> ParseLogLevel(std::string_view text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warn") return LogLevel::kWarn;
  if (text == "error") return LogLevel::kError;
  return tocsin::Error{ErrorCode::kInvalidInput,
                       fmt::format("expected debug, info, warn or error, got '{}'", text)};
}

Result<LogFormat> ParseLogFormat(std::string_view text) {
  if (text == "logfmt") return LogFormat::kLogfmt;
  if (text == "json") return LogFormat::kJson;
  return tocsin::Error{ErrorCode::kInvalidInput,
                       fmt::format("expected logfmt or json, got '{}'", text)};
}

Log::Log(LogLevel least, LogFormat format) : Log(least, format, STDERR_FILENO) {}

Log::Log(LogLevel least, LogFormat format, int file_descriptor)
    : format_(format),
      logger_(std::make_shared<spdlog::logger>("tocsin",
                                               std::make_shared<DescriptorSink>(file_descriptor))) {
  const char* const pattern = format == LogFormat::kLogfmt
                                  ? "ts=%Y-%m-%dT%H:%M:%S.%eZ level=%v"
                                  : R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%v})";
  logger_->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  logger_->set_level(SpdlogLevel(least));
}

void Log::Write(LogLevel level, std::string_view message, Fields fields) const {
  constexpr std::array kNames = {"debug", "info", "warn", "error"};
  const char* const name = kNames[static_cast<std::size_t>(level)];
  if (!logger_->should_log(SpdlogLevel(level))) return;
  const std::string line = format_ == LogFormat::kLogfmt
                               ? fmt::format("{} {}", name, FormatLogfmt(message, fields))
                               : fmt::format("{}\",{}", name, FormatJsonMembers(message, fields));
  logger_->log(SpdlogLevel(level), spdlog::string_view_t(line));
}

std::string FormatLogfmt(std::string_view message, Log::Fields fields) {
  std::string line = "msg=";
  AppendQuoted(line, message);
  for (const LogField& field : fields) {
    line += fmt::format(" {}=", field.key);
    if (NeedsQuotes(field.value)) {
      AppendQuoted(line, field.value);
    } else {
      line += field.value;
    }
  }
  return line;
}

std::string FormatJsonMembers(std::string_view message, Log::Fields fields) {
  std::string members = "\"msg\":";
  AppendQuoted(members, message);
  for (const LogField& field : fields) {
    members += fmt::format(",\"{}\":", field.key);
    AppendQuoted(members, field.value);
  }
  return members;
}

}  // namespace tocsin
