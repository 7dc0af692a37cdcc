#include "exporter/replay_samples.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <iterator>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/file.h"
#include "base/labels.h"
#include "base/number.h"
#include "base/quote.h"
#include "exporter/api_client.h"
#include "exporter/sample_text.h"
#include "rules/promql/analysis.h"
#include "rules/promql/look_back.h"
#include "rules/promql/parser.h"

namespace tocsin {
namespace {

namespace json = boost::json;

constexpr std::size_t kLargestFile = std::size_t{1} << 30;
/// How much is asked for at once: the answer to a query has its limits.
constexpr Millis kPiece = 3'600'000;

/// What all rules look at: selectors as texts, and how far back.
struct Wanted {
  std::set<std::string> selectors;
  Millis look_back = 0;
};

/// `offset`: how much earlier than its slot the rule is evaluated.
void AddWanted(const std::string& expr, Millis offset, const ReplaySamples& samples,
               Wanted& wanted) {
  const promql::ParseResult parsed = promql::Parse(expr, {.experimental = samples.experimental});
  if (!parsed) return;
  wanted.look_back =
      std::max(wanted.look_back, offset + promql::LookBack(*parsed.query, samples.lookback.count(),
                                                           samples.default_interval.count()));
  for (const promql::VectorSelector* const selector : promql::Selectors(*parsed.query->root)) {
    if (IsWrittenBy(samples.groups, promql::MetricNameOf(*selector))) continue;
    std::vector<std::string> matchers;
    for (const Matcher& matcher : selector->matchers) matchers.push_back(matcher.ToString());
    wanted.selectors.insert(fmt::format("{{{}}}", fmt::join(matchers, ",")));
  }
}

Wanted FindWanted(const ReplaySamples& samples) {
  Wanted wanted;
  for (const EffectiveGroup& effective : samples.groups) {
    const Millis offset = effective.group.query_offset.value_or(samples.query_offset).count();
    for (const Rule& rule : effective.group.rules) AddWanted(rule.expr, offset, samples, wanted);
    for (const RulePolicy& policy : effective.policies) {
      if (policy.resolve_expr) AddWanted(*policy.resolve_expr, offset, samples, wanted);
      const bool asks_for_sources = policy.on_missing != RulePolicy::OnMissing::kResolve;
      if (asks_for_sources) AddWanted("up", offset, samples, wanted);
    }
  }
  return wanted;
}

Labels LabelsFrom(const json::value& metric) {
  LabelsBuilder labels;
  for (const auto& [name, value] : metric.as_object()) {
    labels.Set(std::string_view(name), std::string_view(value.as_string()));
  }
  return labels.Build();
}

/// Reads the answers of a server into a store.
class Reader {
 public:
  Reader(const ReplaySamples& samples, const std::string& server, SampleStore& store)
      : samples_(samples), server_(server), store_(store) {}

  Status Read(const std::string& selector, Millis from, Millis until) {
    for (Millis begin = from; begin < until; begin += kPiece) {
      const Millis end = std::min(begin + kPiece, until);
      if (Status read = ReadPiece(selector, begin, end); !read) return read;
    }
    return {};
  }

 private:
  /// The samples in (begin, end]; of an older Prometheus that at `begin`, too.
  Status ReadPiece(const std::string& selector, Millis begin, Millis end) {
    const Result<ApiAnswer> answer =
        AskApi(server_, "/api/v1/query",
               {{"query", fmt::format("{}[{}ms]", selector, end - begin)},
                {"time", fmt::format("{:.3f}", static_cast<double>(end) / 1000)}});
    if (!answer) return answer.error();
    try {
      return Append(selector, json::parse(answer->body));
    } catch (const std::exception&) {  // Boost.JSON throws; nothing of ours does.
      return Error{ErrorCode::kCorrupt,
                   fmt::format("{}: this is not the answer of a Prometheus API: status {}",
                               answer->from, answer->status)};
    }
  }

  Status Append(const std::string& selector, const json::value& answer) {
    if (answer.at("status").as_string() != "success") {
      return Error{
          ErrorCode::kUnavailable,
          fmt::format("{}: {}", selector, std::string_view(answer.at("error").as_string()))};
    }
    std::vector<SampleStore::Entry> entries;
    for (const json::value& series : answer.at("data").at("result").as_array()) {
      const Labels labels = LabelsFrom(series.at("metric"));
      if (IsWrittenBy(samples_.groups, labels.metric_name())) continue;
      // What another selector has found, too, is loaded once.
      if (owners_.emplace(labels, selector).first->second != selector) continue;
      for (const json::value& point : series.at("values").as_array()) {
        const auto value = ParseNumber(std::string_view(point.at(1).as_string()));
        const Millis at = std::llround(point.at(0).to_number<double>() * 1000);
        entries.push_back({labels, {at, value.value_or(NAN)}});
      }
    }
    const AppendCounts counts = store_.Append(entries);
    if (counts.refused() == 0) return {};
    const std::uint64_t without_room = counts.series_limit + counts.bytes_limit;
    return Error{
        ErrorCode::kTooLarge,
        without_room > 0
            ? fmt::format("{}: the store has no room for {} samples", selector, without_room)
            : fmt::format("{}: the server's answers overlap, or their times are not in "
                          "order: {} samples",
                          selector, counts.refused())};
  }

  const ReplaySamples& samples_;
  const std::string& server_;
  SampleStore& store_;
  std::unordered_map<Labels, std::string> owners_;
};

}  // namespace

bool IsWrittenBy(const std::vector<EffectiveGroup>& groups, std::string_view metric_name) {
  if (metric_name == "ALERTS" || metric_name == "ALERTS_FOR_STATE") return true;
  return std::ranges::any_of(groups, [&](const EffectiveGroup& effective) {
    return std::ranges::any_of(effective.group.rules, [&](const Rule& rule) {
      return rule.kind == Rule::Kind::kRecording && rule.name == metric_name;
    });
  });
}

Status ReplaySamples::LoadFile(const std::string& file, SampleStore& store) const {
  const bool is_standard_input = file == "-";
  const Result<std::string> text =
      is_standard_input
          ? Result<std::string>(std::string(std::istreambuf_iterator<char>(std::cin), {}))
          : ReadFile(file, kLargestFile);
  if (!text) return text.error();
  const Millis now = SystemClock().Now().time_since_epoch().count();
  Result<std::vector<SampleStore::Entry>> entries =
      ParseSampleText(*text, is_standard_input ? "<stdin>" : file, now);
  if (!entries) return entries.error();
  std::erase_if(*entries, [this](const SampleStore::Entry& entry) {
    return IsWrittenBy(groups, entry.labels.metric_name());
  });
  store.Append(*entries);
  return {};
}

Status ReplaySamples::LoadServer(const std::string& server, SampleStore& store) const {
  const Wanted wanted = FindWanted(*this);
  Reader reader(*this, server, store);
  for (const std::string& selector : wanted.selectors) {
    if (Status read = reader.Read(selector, start - wanted.look_back, end); !read) return read;
  }
  return {};
}

}  // namespace tocsin
