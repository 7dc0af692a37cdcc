#include "exporter/api/parameters.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/number.h"
#include "base/quote.h"
#include "base/rfc3339.h"
#include "base/text.h"
#include "exporter/request_target.h"
#include "rules/promql/parser.h"

namespace tocsin::api {
namespace {

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

/// Go's smallest and largest times, which Prometheus' API takes by these names.
constexpr std::string_view kMinTime = "-292273086-05-16T16:47:06Z";
constexpr std::string_view kMaxTime = "292277025-08-18T07:12:54.999999999Z";
constexpr Millis kMostMillis = std::numeric_limits<Millis>::max() / 4;

bool IsForm(const HttpRequest& request) {
  const std::string_view type = request.Header("Content-Type");
  return EqualsIgnoringCase(type.substr(0, type.find(';')), kForm);
}

std::optional<long long> ParseInteger(std::string_view text) {
  long long value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A whole number in the given base; nothing if the parameter is not there.
template <class Number>
Result<std::optional<Number>> NumberOf(const Parameters& parameters, std::string_view name,
                                       int base, std::string_view expected) {
  const std::string_view text = parameters.Get(name);
  if (text.empty()) return std::optional<Number>();
  Number number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (problem == std::errc{} && end == text.data() + text.size()) {
    return std::optional<Number>(number);
  }
  return InvalidParameter(name, fmt::format("expected {}, got {}", expected, Quoted(text)));
}

}  // namespace

std::optional<Millis> ParseTime(std::string_view text) {
  if (text == kMinTime) return -kMostMillis;
  if (text == kMaxTime) return kMostMillis;
  if (const std::optional<double> seconds = ParseNumber(text)) {
    const double milliseconds = std::round(*seconds * 1000);
    if (!(std::abs(milliseconds) <= static_cast<double>(kMostMillis))) return std::nullopt;
    return static_cast<Millis>(milliseconds);
  }
  if (const std::optional<TimePoint> moment = ParseRfc3339(text)) {
    return moment->time_since_epoch().count();
  }
  return std::nullopt;
}

Error InvalidParameter(std::string_view name, std::string_view message) {
  return {ErrorCode::kInvalidInput, fmt::format("invalid parameter {}: {}", Quoted(name), message)};
}

Result<Parameters> Parameters::Read(const HttpRequest& request) {
  Parameters parameters;
  auto& values = parameters.values_;
  if (request.method == "POST" && IsForm(request)) {
    Result<QueryParameters> form = ParseQueryParameters(request.body);
    if (!form) {
      return Error{ErrorCode::kInvalidInput,
                   fmt::format("error parsing form values: {}", form.error().message)};
    }
    values = std::move(*form);
  }
  values.insert(values.end(), request.query.begin(), request.query.end());
  return parameters;
}

std::string_view Parameters::Get(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string_view> Parameters::All(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const auto& [key, value] : values_) {
    if (key == name) found.push_back(value);
  }
  return found;
}

Result<Millis> Parameters::Time(std::string_view name, std::optional<Millis> otherwise) const {
  const std::string_view text = Get(name);
  if (text.empty() && otherwise) return *otherwise;
  const std::optional<Millis> time = ParseTime(text);
  if (time) return *time;
  return InvalidParameter(name, fmt::format("cannot parse {} to a valid timestamp", Quoted(text)));
}

Result<std::optional<Duration>> Parameters::DurationOf(std::string_view name) const {
  const std::string_view text = Get(name);
  if (text.empty()) return std::optional<Duration>();
  if (const std::optional<double> seconds = ParseNumber(text)) {
    const double milliseconds = std::round(*seconds * 1000);
    if (std::abs(milliseconds) <= static_cast<double>(kMostMillis)) {
      return std::optional(Duration(static_cast<Millis>(milliseconds)));
    }
    return InvalidParameter(
        name, fmt::format("cannot parse {} to a valid duration. It overflows int64", Quoted(text)));
  }
  if (const Result<Duration> duration = ParseDuration(text)) return std::optional(*duration);
  return InvalidParameter(name, fmt::format("cannot parse {} to a valid duration", Quoted(text)));
}

Result<std::size_t> Parameters::Limit(std::string_view name) const {
  const std::string_view text = Get(name);
  if (text.empty()) return std::size_t{0};
  const std::optional<long long> value = ParseInteger(text);
  if (!value) {
    return InvalidParameter(name,
                            fmt::format("strconv.Atoi: parsing {}: invalid syntax", Quoted(text)));
  }
  if (*value < 0) return InvalidParameter(name, "limit must be non-negative");
  return static_cast<std::size_t>(*value);
}

Result<std::optional<std::size_t>> Parameters::SignedLimit(std::string_view name) const {
  const std::string_view text = Get(name);
  if (text.empty()) return std::optional<std::size_t>();
  const std::optional<long long> value = ParseInteger(text);
  if (!value) return Error{ErrorCode::kInvalidInput, fmt::format("{} must be a number", name)};
  if (*value < 0) return std::optional<std::size_t>();
  return std::optional(static_cast<std::size_t>(*value));
}

Result<std::optional<std::uint64_t>> Parameters::Fingerprint(std::string_view name) const {
  return NumberOf<std::uint64_t>(*this, name, 16, "the fingerprint of an alert");
}

Result<std::optional<std::int64_t>> Parameters::Id(std::string_view name,
                                                   std::string_view what) const {
  return NumberOf<std::int64_t>(*this, name, 10, fmt::format("the id of {}", what));
}

Result<std::vector<std::vector<Matcher>>> Parameters::Selectors() const {
  const std::vector<std::string_view> all = All("match[]");
  const std::set<std::string_view> texts(all.begin(), all.end());
  if (texts.size() > kMostSelectors) {
    return InvalidParameter("match[]", fmt::format("more than {} selectors", kMostSelectors));
  }
  std::vector<std::vector<Matcher>> selectors;
  for (const std::string_view text : texts) {
    Result<std::vector<Matcher>> matchers = promql::ParseMetricSelector(text);
    if (!matchers) return InvalidParameter("match[]", matchers.error().message);
    bool selects = false;
    for (const Matcher& matcher : *matchers) selects |= !matcher.MatchesEmpty();
    if (!selects) {
      return InvalidParameter("match[]", "match[] must contain at least one non-empty matcher");
    }
    selectors.push_back(std::move(*matchers));
  }
  return selectors;
}

}  // namespace tocsin::api
