// What a client of the HTTP API asks for: its query, or the form in its body.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "exporter/http_message.h"
#include "rules/storage/matcher.h"
#include "rules/storage/sample.h"

namespace tocsin::api {

/// The parameters of one request: those of a POSTed form first, then those of the address. Errors
/// are worded as Prometheus words them, `invalid parameter "time": cannot parse ...`.
/// Source: Prometheus' documentation, "HTTP API".
class Parameters {
 public:
  /// Each costs a search of the whole index.
  static constexpr std::size_t kMostSelectors = 100;

  /// Fails if the form cannot be decoded: taken as no form, it would ask for something else.
  static Result<Parameters> Read(const HttpRequest& request);

  /// The first value of `name`, or "".
  std::string_view Get(std::string_view name) const;
  std::vector<std::string_view> All(std::string_view name) const;
  bool Has(std::string_view name) const { return !Get(name).empty(); }

  /// Unix seconds with a fraction, or RFC 3339; `otherwise` if the parameter is not there.
  Result<Millis> Time(std::string_view name, std::optional<Millis> otherwise) const;
  /// Seconds with a fraction, or a Prometheus duration; nothing if the parameter is not there.
  Result<std::optional<Duration>> DurationOf(std::string_view name) const;
  /// A whole number that is not negative; 0 if the parameter is not there.
  Result<std::size_t> Limit(std::string_view name = "limit") const;
  /// As /api/v1/metadata takes its limits: any whole number. Nothing if it is negative or not
  /// there.
  Result<std::optional<std::size_t>> SignedLimit(std::string_view name) const;
  /// What an alert is called by, in hexadecimal digits; nothing if the parameter is not there.
  Result<std::optional<std::uint64_t>> Fingerprint(std::string_view name) const;
  /// The id of `what`, such as "an event"; nothing if the parameter is not there.
  Result<std::optional<std::int64_t>> Id(std::string_view name, std::string_view what) const;
  /// The selectors of `match[]`, each text once. Fails if there are more than kMostSelectors.
  Result<std::vector<std::vector<Matcher>>> Selectors() const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// Unix seconds with a fraction, or RFC 3339.
std::optional<Millis> ParseTime(std::string_view text);

/// `message` as a mistake in a parameter.
Error InvalidParameter(std::string_view name, std::string_view message);

}  // namespace tocsin::api
