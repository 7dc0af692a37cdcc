#include "collectors/sql_queries/options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/number.h"
#include "base/utf8.h"
#include "collectors/sql_queries/collector.h"

namespace tocsin::collectors::sql_queries {
namespace {

constexpr std::array kOwnOptions = {
    OptionDesc{"queries", "list of maps", "", "The queries, run one after another."},
    OptionDesc{"queries[].name", "text", "",
               "Says which query failed, and names what was counted: unique."},
    OptionDesc{"queries[].query", "text", "",
               "A statement that begins with SELECT, WITH, VALUES or TABLE."},
    OptionDesc{"queries[].interval", "duration", "0s",
               "The least time between two runs, in which the last result is published again; 0 "
               "runs it in each collection."},
    OptionDesc{"queries[].timeout", "duration", "",
               "After which the query is given up; by default that of the collection."},
    OptionDesc{"queries[].max_rows", "integer", "1000",
               "A query that gives more fails; with a watermark, how many are read at a time."},
    OptionDesc{"queries[].watermark", "text", "",
               "A column that grows from row to row: the query, with $1 for the largest value so "
               "far, then gives new rows only, which are counted and kept over restarts."},
    OptionDesc{"queries[].watermark_start", "text", "", "The first $1, such as 0."},
    OptionDesc{"queries[].watermark_start_query", "text", "",
               "A query for one value that is the first $1 instead, unless it is NULL, such as "
               "SELECT max(id) FROM orders."},
    OptionDesc{"queries[].watermark_id", "text", "",
               "A column that tells rows apart, so that rows which were committed late can be "
               "looked for."},
    OptionDesc{"queries[].watermark_overlap", "duration", "5m",
               "How late commits may be; needs watermark_id."},
    OptionDesc{"queries[].metrics", "list of maps", "", "What is made of the rows."},
    OptionDesc{"queries[].metrics[].name", "text", "", "The metric: unique among all queries."},
    OptionDesc{"queries[].metrics[].type", "text", "", "gauge, counter or histogram."},
    OptionDesc{"queries[].metrics[].help", "text", "", "By default, where it comes from."},
    OptionDesc{"queries[].metrics[].value", "text", "",
               "The column of the value; a counter with a watermark counts rows without it."},
    OptionDesc{"queries[].metrics[].labels", "list of texts", "[]",
               "Columns that become labels of the same name."},
    OptionDesc{"queries[].metrics[].static_labels", "map of texts", "{}",
               "Labels that are the same for all series of the metric."},
    OptionDesc{"queries[].metrics[].bounds", "list of numbers", "",
               "The upper bounds of a histogram's buckets, ascending."},
};

constexpr Duration kDefaultOverlap = std::chrono::minutes(5);
constexpr std::int64_t kMostRowsOfQuery = 100'000;
static_assert(kMostRowsOfQuery < kMostRows);

/// Labels with a meaning of their own to Prometheus.
constexpr std::array<std::string_view, 4> kReservedLabels = {"job", "instance", "le", "quantile"};
constexpr std::array<std::string_view, 4> kFirstWords = {"select", "with", "values", "table"};
constexpr std::array<std::string_view, 3> kTaken = {"up", "ALERTS", "ALERTS_FOR_STATE"};

constexpr std::string_view kTotal = "_total";

template <class List>
bool Contains(const List& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Without space around it, and without the semicolon that ends a statement.
std::string Trimmed(std::string text) {
  while (!text.empty() && (IsSpace(text.back()) || text.back() == ';')) text.pop_back();
  const auto begin = std::find_if_not(text.begin(), text.end(), IsSpace);
  text.erase(text.begin(), begin);
  return text;
}

/// The first word in lower case, after comments and opening parentheses.
std::string FirstWord(std::string_view text) {
  for (;;) {
    if (!text.empty() && (IsSpace(text.front()) || text.front() == '(')) {
      text.remove_prefix(1);
    } else if (text.starts_with("--")) {
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    } else if (text.starts_with("/*")) {
      const std::size_t end = text.find("*/");
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    } else {
      break;
    }
  }
  std::string word;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c < 'a' || c > 'z') break;
    word += c;
  }
  return word;
}

/// Names and labels that several metrics share, to find those that clash.
class Names {
 public:
  /// `common` are the labels that all series of the instance carry.
  explicit Names(std::set<std::string> common) : common_(std::move(common)) {}

  /// What is wrong with a metric's name; empty if nothing is.
  std::string ProblemOf(const std::string& name, MetricType type, int line) {
    if (!IsMetricName(name)) {
      return fmt::format("\"{}\" is not a metric name (letters, digits, _ and :)", name);
    }
    if (Contains(kTaken, name) || name.starts_with("tocsin_") || name.starts_with("scrape_")) {
      return fmt::format("\"{}\" is a name of tocsin's or Prometheus' own", name);
    }
    if (type == MetricType::kCounter && !name.ends_with(kTotal)) {
      return fmt::format("the name of a counter ends in _total, as in \"{}_total\"", name);
    }
    std::vector<std::string> series = {name};
    if (type == MetricType::kHistogram) {
      for (const char* suffix : {"_bucket", "_sum", "_count"}) series.push_back(name + suffix);
    }
    if (type == MetricType::kCounter) {
      // OpenMetrics calls a counter's family so, and has each family once.
      series.push_back(name.substr(0, name.size() - kTotal.size()));
    }
    for (const std::string& each : series) {
      const auto [taken, is_new] = lines_.try_emplace(each, line);
      if (!is_new)
        return fmt::format("\"{}\" is taken by the metric in line {}", each, taken->second);
    }
    return {};
  }

  /// What is wrong with a metric's label; empty if nothing is.
  std::string ProblemOfLabel(const std::string& label) const {
    if (!IsLabelName(label)) {
      return fmt::format(
          "\"{}\" is not a label name (letters, digits and _, not starting with a digit or __); "
          "name the column so with AS",
          label);
    }
    if (Contains(kReservedLabels, label)) {
      return fmt::format("\"{}\" is a reserved label name; rename the column with AS", label);
    }
    if (common_.contains(label)) {
      return fmt::format("\"{}\" is among the labels of the collector", label);
    }
    return {};
  }

 private:
  const std::set<std::string> common_;
  std::map<std::string, int> lines_;
};

std::optional<MetricType> TypeOf(YamlMap& map) {
  const std::string type = map.RequiredString("type");
  if (type == "gauge") return MetricType::kGauge;
  if (type == "counter") return MetricType::kCounter;
  if (type == "histogram") return MetricType::kHistogram;
  if (!type.empty()) {
    map.Refuse("type", fmt::format("expected gauge, counter or histogram, got \"{}\"", type));
  }
  return std::nullopt;
}

std::vector<double> ReadBounds(YamlMap& map) {
  std::vector<double> bounds;
  for (const YamlNode& item : map.List("bounds")) {
    const std::optional<double> bound = ParseNumber(item.text);
    if (item.kind != YamlNode::Kind::kScalar || !bound || !std::isfinite(*bound)) {
      map.diagnostics().Add(item.place, "bounds: expected a finite number");
    } else if (!bounds.empty() && *bound <= bounds.back()) {
      map.diagnostics().Add(item.place, "bounds: expected ascending numbers");
    } else {
      bounds.push_back(*bound);
    }
  }
  return bounds;
}

void ReadMetricLabels(YamlMap& map, const Names& names, MetricWords& words) {
  std::set<std::string> seen;
  const auto check = [&](const std::string& label, YamlPlace place, std::string_view key) {
    std::string problem = names.ProblemOfLabel(label);
    if (problem.empty() && !seen.insert(label).second) {
      problem = fmt::format("\"{}\" is there twice", label);
    }
    if (!problem.empty()) map.diagnostics().Add(place, fmt::format("{}: {}", key, problem));
  };
  words.labels = map.StringsOr("labels", {});
  const std::vector<YamlNode>& items = map.List("labels");
  for (std::size_t i = 0; i < words.labels.size() && words.labels.size() == items.size(); ++i) {
    check(words.labels[i], items[i].place, "labels");
  }
  words.static_labels = map.StringMap("static_labels");
  for (const auto& [label, value] : words.static_labels) {
    const YamlNode* const node = map.Node("static_labels")->Find(label);
    check(label, node == nullptr ? map.PlaceOf("static_labels") : node->place, "static_labels");
  }
  if (words.labels.size() + words.static_labels.size() > LabelNames::kMost) {
    map.Refuse("labels",
               fmt::format("expected at most {} labels, static ones included", LabelNames::kMost));
  }
}

/// What a type needs and what it cannot have.
void CheckType(YamlMap& map, const MetricWords& words, bool has_watermark) {
  if (has_watermark && words.type == MetricType::kGauge) {
    map.Refuse("type",
               "a query with a watermark gives new rows only: expected counter or histogram");
  }
  const bool counts_rows = has_watermark && words.type == MetricType::kCounter;
  if (words.value.empty() && !counts_rows) {
    map.diagnostics().Add(map.place(), "\"value\" is required: the column of the value");
  }
  if (words.type == MetricType::kHistogram && !map.Has("bounds")) {
    map.diagnostics().Add(map.place(), "\"bounds\" is required for a histogram");
  }
  if (words.type != MetricType::kHistogram && map.Has("bounds")) {
    map.Refuse("bounds", "only a histogram has bounds");
  }
}

/// Null if there were mistakes.
std::unique_ptr<const QueryMetric> ReadMetric(const YamlNode& node, Diagnostics& diagnostics,
                                              const QueryOptions& query, Names& names) {
  const std::size_t mistakes = diagnostics.size();
  YamlMap map(node, diagnostics);
  MetricWords words;
  words.name = map.RequiredString("name");
  const std::optional<MetricType> type = TypeOf(map);
  words.type = type.value_or(MetricType::kGauge);
  if (!words.name.empty() && type) {
    const std::string problem = names.ProblemOf(words.name, words.type, node.place.line);
    if (!problem.empty()) map.Refuse("name", problem);
  }
  words.value = map.StringOr("value", "");
  words.help = map.StringOr(
      "help", words.value.empty()
                  ? fmt::format("Rows of the query {}.", query.name)
                  : fmt::format("Column {} of the query {}.", words.value, query.name));
  if (words.help.empty()) map.Refuse("help", "expected a text that is not empty");
  ReadMetricLabels(map, names, words);
  words.bounds = ReadBounds(map);
  if (type) CheckType(map, words, query.watermark.has_value());
  if (diagnostics.size() != mistakes) return nullptr;
  return std::make_unique<const QueryMetric>(std::move(words));
}

/// The text of a statement; what cannot be one is reported.
std::string ReadStatement(YamlMap& map, std::string_view key) {
  std::string text = Trimmed(map.StringOr(key, ""));
  if (!map.Has(key)) return text;
  if (!Contains(kFirstWords, FirstWord(text))) {
    map.Refuse(key, "expected one statement that begins with SELECT, WITH, VALUES or TABLE");
  }
  return text;
}

std::optional<WatermarkOptions> ReadWatermark(YamlMap& map, std::string_view text) {
  WatermarkOptions watermark;
  watermark.column = map.StringOr("watermark", "");
  watermark.start = map.StringOr("watermark_start", "");
  watermark.start_query = ReadStatement(map, "watermark_start_query");
  watermark.id = map.StringOr("watermark_id", "");
  const Duration overlap = map.PositiveDurationOr("watermark_overlap", kDefaultOverlap);
  if (!map.Has("watermark")) {
    for (const char* key :
         {"watermark_start", "watermark_start_query", "watermark_id", "watermark_overlap"}) {
      if (map.Has(key)) map.Refuse(key, "does nothing without watermark");
    }
    return std::nullopt;
  }
  if (watermark.column.empty()) map.Refuse("watermark", "expected the name of a column");
  if (!map.Has("watermark_start")) {
    map.Refuse("watermark",
               "needs watermark_start, the value after which counting begins, such as 0");
  }
  if (text.find("$1") == std::string_view::npos) {
    map.Refuse("query", "expected $1 in it, for the watermark, as in \"WHERE id > $1\"");
  }
  if (watermark.id.empty() && map.Has("watermark_overlap")) {
    map.Refuse("watermark_overlap", "needs watermark_id, the column that tells rows apart");
  }
  if (!watermark.id.empty()) watermark.overlap = overlap;
  return watermark;
}

void ReadTimes(YamlMap& map, const SqlSource& source, QueryOptions& query) {
  query.interval = map.DurationOr("interval", Duration(0));
  const Duration timeout = map.PositiveDurationOr("timeout", Duration(1));
  if (!map.Has("timeout")) return;
  query.timeout = timeout;
  if (source.postgres && timeout > source.postgres->statement_timeout) {
    map.Refuse("timeout", fmt::format("expected at most postgres.statement_timeout ({})",
                                      FormatDuration(source.postgres->statement_timeout)));
  }
}

/// What several queries must not share.
struct Shared {
  Names names;
  std::map<std::string, int> queries = {};  ///< Their lines by name.
};

QueryOptions ReadQuery(const YamlNode& node, Diagnostics& diagnostics, const SqlSource& source,
                       Shared& shared) {
  YamlMap map(node, diagnostics);
  QueryOptions query;
  query.name = map.RequiredString("name");
  if (!query.name.empty()) {
    const auto [taken, is_new] = shared.queries.try_emplace(query.name, node.place.line);
    if (!is_new) {
      map.Refuse("name",
                 fmt::format("\"{}\" is taken by the query in line {}", query.name, taken->second));
    }
    if (!IsUtf8(query.name)) map.Refuse("name", "expected UTF-8");
    if (query.name == kStatePart) {
      map.Refuse("name", fmt::format("\"{}\" stands for what the collector keeps", kStatePart));
    }
  }
  query.text = ReadStatement(map, "query");
  query.place = map.PlaceOf("query");
  if (!map.Has("query")) diagnostics.Add(map.place(), "\"query\" is required");
  ReadTimes(map, source, query);
  query.max_rows = static_cast<std::size_t>(
      map.IntegerOr("max_rows", static_cast<std::int64_t>(query.max_rows), 1, kMostRowsOfQuery));
  query.watermark = ReadWatermark(map, query.text);
  const std::vector<YamlNode>& metrics = map.List("metrics");
  if (metrics.empty()) diagnostics.Add(map.PlaceOf("metrics"), "expected at least one metric");
  for (const YamlNode& metric : metrics) {
    auto read = ReadMetric(metric, diagnostics, query, shared.names);
    if (read) query.metrics.push_back(std::move(read));
  }
  return query;
}

/// The common keys have been read before, and mistakes in them reported.
std::set<std::string> CommonLabels(YamlMap& options) {
  std::set<std::string> names;
  const YamlNode* const node = options.Node("labels");
  if (node == nullptr) return names;
  for (const YamlEntry& entry : node->entries) names.insert(entry.key.text);
  return names;
}

}  // namespace

std::shared_ptr<const Settings> ReadSettings(YamlMap& options) {
  auto settings = std::make_shared<Settings>();
  settings->source = ReadSqlSource(options);
  settings->max_series = MaxSeriesIn(options);
  Shared shared{.names = Names(CommonLabels(options))};
  const std::vector<YamlNode>& queries = options.List("queries");
  if (queries.empty()) {
    options.diagnostics().Add(options.PlaceOf("queries"), "expected at least one query in queries");
  }
  for (const YamlNode& node : queries) {
    settings->queries.push_back(ReadQuery(node, options.diagnostics(), settings->source, shared));
  }
  return settings;
}

std::span<const OptionDesc> Options() {
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> all(kPostgresOptions.begin(), kPostgresOptions.end());
    all.insert(all.end(), kSqliteOptions.begin(), kSqliteOptions.end());
    all.insert(all.end(), kOwnOptions.begin(), kOwnOptions.end());
    return all;
  }();
  return kAll;
}

}  // namespace tocsin::collectors::sql_queries
