#include "exporter/api/series_api.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/quote.h"
#include "exporter/api/envelope.h"
#include "exporter/api/parameters.h"
#include "exporter/api/result_json.h"

namespace tocsin::api {
namespace {

constexpr std::string_view kTruncated = "results truncated due to limit";

/// What the three have in common.
struct Wishes {
  std::vector<std::vector<Matcher>> selectors;
  Millis start = 0;
  Millis end = 0;
  bool always = true;  ///< Neither start nor end was given.
  std::size_t limit = 0;
};

Result<Wishes> ReadWishes(const HttpRequest& request) {
  const Result<Parameters> read = Parameters::Read(request);
  if (!read) return read.error();
  const Parameters& parameters = *read;
  Wishes wishes;
  constexpr Millis kFar = std::numeric_limits<Millis>::max() / 4;
  const Result<Millis> start = parameters.Time("start", -kFar);
  if (!start) return start.error();
  const Result<Millis> end = parameters.Time("end", kFar);
  if (!end) return end.error();
  if (*end < *start) {
    return InvalidParameter("end", "end timestamp must not be before start time");
  }
  Result<std::vector<std::vector<Matcher>>> selectors = parameters.Selectors();
  if (!selectors) return selectors.error();
  const Result<std::size_t> limit = parameters.Limit();
  if (!limit) return limit.error();
  wishes.selectors = std::move(*selectors);
  wishes.start = *start;
  wishes.end = *end;
  wishes.always = !parameters.Has("start") && !parameters.Has("end");
  wishes.limit = *limit;
  return wishes;
}

/// Where the answers come from.
struct Sources {
  const SampleStore& store;
  const Queries& queries;
  const Clock& clock;
};

/// The series of the store, as one request may read them: for as long as it has time.
class SeriesReader {
 public:
  SeriesReader(const Sources& sources, const HttpRequest& request)
      : sources_(sources),
        deadline_(sources.clock.SteadyNow() - request.waited +
                  sources.queries.engine()->settings().timeout),
        abandoned_(request.abandoned) {}

  /// Calls `see` for the labels of each series that a selector finds and that has samples in the
  /// time asked for. A series that two selectors find is seen twice. Fails with kTimeout, or with
  /// kUnavailable if nobody waits for the answer any more.
  template <class See>
  Status ForEach(const Wishes& wishes, See see) const {
    constexpr std::size_t kSeriesPerCheck = 1024;
    for (const std::vector<Matcher>& matchers : wishes.selectors) {
      if (Status goes_on = Check(); !goes_on) return goes_on;
      const auto selection = sources_.store.Select(matchers);
      for (std::size_t i = 0; i < selection->size(); ++i) {
        if (i % kSeriesPerCheck == 0) {
          if (Status goes_on = Check(); !goes_on) return goes_on;
        }
        if (wishes.always || selection->CountAtMost(i, wishes.start - 1, wishes.end) > 0) {
          see(selection->labels(i));
        }
      }
    }
    return {};
  }

 private:
  Status Check() const {
    if (abandoned_.stop_requested() || sources_.queries.cancelled().stop_requested()) {
      return Error{ErrorCode::kUnavailable, "query was canceled"};
    }
    if (sources_.clock.SteadyNow() < deadline_) return {};
    return Error{ErrorCode::kTimeout, "query timed out"};
  }

  const Sources& sources_;
  const SteadyPoint deadline_;
  const std::stop_token abandoned_;
};

HttpResponse BadData(const Error& error) {
  return Failure(ErrorType::kBadData, error.message);
}

/// The answer if ForEach() fails.
HttpResponse Unfinished(const Error& error) {
  const bool timed_out = error.code == ErrorCode::kTimeout;
  return Failure(timed_out ? ErrorType::kTimeout : ErrorType::kCanceled, error.message);
}

/// The series that the selectors find, each once; those of several selectors sorted.
Result<std::vector<Labels>> FindSeries(const SeriesReader& reader, const Wishes& wishes) {
  if (wishes.selectors.size() == 1) {
    std::vector<Labels> found;
    const Status done =
        reader.ForEach(wishes, [&](const Labels& labels) { found.push_back(labels); });
    if (!done) return done.error();
    return found;
  }
  std::unordered_set<Labels> each;
  const Status done = reader.ForEach(wishes, [&](const Labels& labels) { each.insert(labels); });
  if (!done) return done.error();
  std::vector<Labels> found(each.begin(), each.end());
  std::sort(found.begin(), found.end());
  return found;
}

HttpResponse Series(const Sources& sources, const HttpRequest& request) {
  const Result<Wishes> wishes = ReadWishes(request);
  if (!wishes) return BadData(wishes.error());
  if (wishes->selectors.empty()) {
    return Failure(ErrorType::kBadData, "no match[] parameter provided");
  }
  Result<std::vector<Labels>> read = FindSeries(SeriesReader(sources, request), *wishes);
  if (!read) return Unfinished(read.error());
  std::vector<Labels>& found = *read;
  std::set<std::string> warnings;
  if (wishes->limit != 0 && found.size() > wishes->limit) {
    found.resize(wishes->limit);
    warnings.emplace(kTruncated);
  }
  Pieces body(BeginSuccess() + '[');
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i > 0) body.text() += ',';
    AppendLabels(body.text(), found[i]);
    body.MayCut();
  }
  body.text() += ']';
  return EndSuccess(std::move(body), warnings);
}

HttpResponse Texts(std::vector<std::string> texts, std::size_t limit) {
  std::set<std::string> warnings;
  if (limit != 0 && texts.size() > limit) {
    texts.resize(limit);
    warnings.emplace(kTruncated);
  }
  Pieces body(BeginSuccess());
  JsonWriter json(body.text());
  json.BeginArray();
  for (const std::string& text : texts) {
    json.String(text);
    body.MayCut();
  }
  json.EndArray();
  return EndSuccess(std::move(body), warnings);
}

HttpResponse LabelNames(const Sources& sources, const HttpRequest& request) {
  Result<Wishes> wishes = ReadWishes(request);
  if (!wishes) return BadData(wishes.error());
  if (wishes->always && wishes->selectors.empty()) {
    return Texts(sources.store.LabelNames({}), wishes->limit);
  }
  if (wishes->selectors.empty()) wishes->selectors.emplace_back();  // All series.
  std::set<std::string> names;
  const Status done = SeriesReader(sources, request).ForEach(*wishes, [&](const Labels& labels) {
    for (const Label& label : labels) names.emplace(label.name.text());
  });
  if (!done) return Unfinished(done.error());
  return Texts({names.begin(), names.end()}, wishes->limit);
}

HttpResponse LabelValues(const Sources& sources, const HttpRequest& request) {
  const std::string name = UnescapeLabelName(request.parameter);
  if (!IsUtf8Name(name)) {
    return Failure(ErrorType::kBadData, fmt::format("invalid label name: {}", Quoted(name)));
  }
  Result<Wishes> wishes = ReadWishes(request);
  if (!wishes) return BadData(wishes.error());
  if (wishes->always && wishes->selectors.empty()) {
    return Texts(sources.store.LabelValues(name, {}), wishes->limit);
  }
  if (wishes->selectors.empty()) wishes->selectors.emplace_back();
  const Symbol symbol(name);
  std::set<std::string> values;
  const Status done = SeriesReader(sources, request).ForEach(*wishes, [&](const Labels& labels) {
    const Symbol value = labels.Get(symbol);
    if (value != Symbol()) values.emplace(value.text());
  });
  if (!done) return Unfinished(done.error());
  return Texts({values.begin(), values.end()}, wishes->limit);
}

void AppendUtf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) {
    byte(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    byte(0xe0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3f));
  } else {
    byte(0xf0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3f));
    byte(0x80 | (c >> 6 & 0x3f));
  }
  byte(0x80 | (c & 0x3f));
}

/// The character that the hexadecimal `digits` stand for.
std::optional<std::uint32_t> CodePoint(std::string_view digits) {
  std::uint32_t c = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), c, 16);
  if (digits.empty() || digits.size() > 6 || problem != std::errc{} ||
      end != digits.data() + digits.size() || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
    return std::nullopt;
  }
  return c;
}

}  // namespace

std::string UnescapeLabelName(std::string_view text) {
  constexpr std::string_view kPrefix = "U__";
  if (!text.starts_with(kPrefix)) return std::string(text);
  std::string name;
  for (std::string_view rest = text.substr(kPrefix.size()); !rest.empty();) {
    if (rest[0] != '_') {
      name += rest[0];
      rest.remove_prefix(1);
      continue;
    }
    const std::size_t close = rest.find('_', 1);
    if (close == std::string_view::npos) return std::string(text);
    if (close == 1) {
      name += '_';
    } else {
      const std::optional<std::uint32_t> c = CodePoint(rest.substr(1, close - 1));
      if (!c) return std::string(text);
      AppendUtf8(name, *c);
    }
    rest.remove_prefix(close + 1);
  }
  return name;
}

std::vector<Route> SeriesRoutes(const SampleStore& store, const Queries& queries,
                                const Clock& clock) {
  const Sources sources = {store, queries, clock};
  const auto route = [&](std::string path, std::vector<std::string> methods,
                         HttpResponse (*answer)(const Sources&, const HttpRequest&)) {
    return Route{.path = std::move(path),
                 .methods = std::move(methods),
                 .waits = Waits::kMaybe,
                 .handle = [sources, answer](
                               const HttpRequest& request) { return answer(sources, request); },
                 .refusal = &Refusal};
  };
  return {
      route("/api/v1/series", {"GET", "POST"}, &Series),
      route("/api/v1/labels", {"GET", "POST"}, &LabelNames),
      route("/api/v1/label/*/values", {"GET"}, &LabelValues),
  };
}

}  // namespace tocsin::api
