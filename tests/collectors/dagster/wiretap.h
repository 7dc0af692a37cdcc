// A connection that notes what is asked, with the clock of a test in place of the server's.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/number.h"
#include "collectors/sql/connection.h"
#include "tests/support/fake_clock.h"

namespace tocsin::collectors::dagster {

/// A statement as the collector ran it.
struct Ran {
  std::string statement;
  std::vector<SqlParameter> parameters;
};

/// What tests share about the connections that they hand to a collector.
struct Wiretap {
  std::vector<Ran> ran;
  /// The source's clock, if the test rules it.
  const FakeClock* clock = nullptr;
  /// How far the source's clock is ahead of `clock`.
  Duration ahead{};
  /// By how much it is set once the next statement has been answered.
  Duration step{};
};

/// `text` with each `from` in it made `to`.
inline std::string Replaced(std::string text, std::string_view from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// Passes statements on and notes them. What they select as the source's clock is made the test's,
/// if it rules that.
class TappedConnection final : public SqlConnection {
 public:
  TappedConnection(std::unique_ptr<SqlConnection> inner, std::shared_ptr<Wiretap> tap)
      : inner_(std::move(inner)), tap_(std::move(tap)) {}

  Result<SqlRows> Query(const std::string& statement, std::span<const SqlParameter> parameters,
                        const Attempt& attempt) override {
    tap_->ran.push_back({statement, {parameters.begin(), parameters.end()}});
    if (tap_->clock == nullptr) return inner_->Query(statement, parameters, attempt);
    const std::string now = FormatNumber(tocsin::UnixSeconds(tap_->clock->Now() + tap_->ahead));
    std::string text = statement;
    for (const std::string_view clock : kSourceClocks) text = Replaced(text, clock, now);
    Result<SqlRows> rows = inner_->Query(text, parameters, attempt);
    tap_->ahead += std::exchange(tap_->step, Duration(0));
    return rows;
  }
  bool is_open() const override { return inner_->is_open(); }
  std::uint64_t generation() const override { return inner_->generation(); }

 private:
  /// How a statement asks the source for the time.
  static constexpr std::array<std::string_view, 2> kSourceClocks = {
      "extract(epoch FROM clock_timestamp())::float8", "(julianday('now') - 2440587.5) * 86400.0"};

  std::unique_ptr<SqlConnection> inner_;
  std::shared_ptr<Wiretap> tap_;
};

}  // namespace tocsin::collectors::dagster
