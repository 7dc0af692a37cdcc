// What a user asked a database for: queries and the metrics that are made of their rows.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metric.h"
#include "base/yaml.h"
#include "collectors/sql/source.h"

namespace tocsin::collectors::sql_queries {

/// What is complained of under this name is no query: the file that keeps what was counted.
inline constexpr std::string_view kStatePart = "state";

/// A metric as it stands in the configuration.
struct MetricWords {
  std::string name = {};
  MetricType type = MetricType::kGauge;
  std::string help = {};
  std::string value = {};                ///< The column; empty: each row counts 1.
  std::vector<std::string> labels = {};  ///< Columns that become labels of the same names.
  /// The same for all of its series.
  std::vector<std::pair<std::string, std::string>> static_labels = {};
  std::vector<double> bounds = {};  ///< Histograms: ascending, without +Inf.
};

/// A metric with a description that others may hold on to. Immutable; stays where it is.
class QueryMetric {
 public:
  explicit QueryMetric(MetricWords words);
  QueryMetric(const QueryMetric&) = delete;
  QueryMetric& operator=(const QueryMetric&) = delete;

  const MetricWords& words() const { return words_; }
  /// Its labels are those of columns, then the static ones. Points into this object.
  const MetricDesc& desc() const { return desc_; }

 private:
  const MetricWords words_;
  MetricDesc desc_;
};

/// How a query reads only what is new. In its text, $1 stands for where it has read to.
struct WatermarkOptions {
  std::string column = {};  ///< Grows from row to row; rows are read in its order.
  std::string start = {};   ///< $1 of the first read.
  /// A query whose only cell is that instead, unless it is NULL; may be empty.
  std::string start_query = {};
  std::string id = {};  ///< The column that tells rows apart; empty: nothing is read twice.
  Duration overlap{};   ///< How long a commit may be late; needs `id`.
};

struct QueryOptions {
  std::string name = {};
  std::string text = {};  ///< Without a semicolon at its end.
  YamlPlace place = {};   ///< Of the text.
  Duration interval{};    ///< The least time between two runs; 0: each collection.
  std::optional<Duration> timeout = std::nullopt;
  std::size_t max_rows = 1000;
  std::optional<WatermarkOptions> watermark = std::nullopt;
  std::vector<std::unique_ptr<const QueryMetric>> metrics = {};
};

struct Settings {
  SqlSource source = {};
  std::vector<QueryOptions> queries = {};
  std::size_t max_series = 1000;  ///< Per metric, of those that count on.
};

/// The statement that runs for a query: no more than `max_rows` and one, and those of a watermark
/// in its order.
std::string StatementOf(const QueryOptions& query);

}  // namespace tocsin::collectors::sql_queries
