#include "exporter/api/result_json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "exporter/json_writer.h"

namespace tocsin::api {
namespace {

using promql::Block;
using promql::IsPresent;
using promql::QueryResult;
using promql::RangeBlock;
using promql::ScalarColumn;
using promql::Shape;
using promql::Steps;

/// The longest double without an exponent: 1 sign, 309 digits, or 324 zeros and 17 digits.
constexpr std::size_t kLongestPlainNumber = 360;

void AppendSample(std::string& out, Millis t, double value) {
  out += '[';
  AppendTimestamp(out, t);
  out += ",\"";
  AppendSampleValue(out, value);
  out += "\"]";
}

/// Writes the series of a result one after another, up to a limit.
class SeriesList {
 public:
  SeriesList(std::string& out, std::size_t limit) : out_(out), limit_(limit) { out_ += '['; }

  /// Begins the next series and returns true, or returns false if there are enough.
  bool Begin(const Shape& shape, std::size_t i, std::string_view key) {
    if (limit_ != 0 && count_ == limit_) {
      truncated_ = true;
      return false;
    }
    out_ += count_++ == 0 ? "{\"metric\":" : ",{\"metric\":";
    AppendLabels(out_, shape.labels[i], shape.drops_name(i));
    out_ += key;
    return true;
  }
  void EndSeries() { out_ += '}'; }
  bool End() {
    out_ += ']';
    return truncated_;
  }

 private:
  std::string& out_;
  const std::size_t limit_;
  std::size_t count_ = 0;
  bool truncated_ = false;
};

bool AppendVector(std::string& out, const Block& block, Millis t, std::size_t limit) {
  SeriesList list(out, limit);
  const auto append = [&](std::size_t i) {
    const double value = block.at(i, 0);
    if (!IsPresent(value)) return true;
    if (!list.Begin(*block.shape, i, ",\"value\":")) return false;
    AppendSample(out, t, value);
    list.EndSeries();
    return true;
  };
  if (!block.order.empty()) {
    for (const std::uint32_t i : block.order) {
      if (!append(i)) break;
    }
  } else {
    for (std::size_t i = 0; i < block.shape->size(); ++i) {
      if (!append(i)) break;
    }
  }
  return list.End();
}

bool AppendMatrix(std::string& out, const Block& block, const Steps& steps, std::size_t limit) {
  SeriesList list(out, limit);
  for (std::size_t i = 0; i < block.shape->size(); ++i) {
    char separator = '[';
    for (std::size_t step = 0; step < block.steps; ++step) {
      const double value = block.at(i, step);
      if (!IsPresent(value)) continue;
      if (separator == '[' && !list.Begin(*block.shape, i, ",\"values\":")) return list.End();
      out += separator;
      separator = ',';
      AppendSample(out, steps.at(step), value);
    }
    if (separator == '[') continue;  // Has no point in this range.
    out += ']';
    list.EndSeries();
  }
  return list.End();
}

bool AppendMatrix(std::string& out, const RangeBlock& block, std::size_t limit) {
  SeriesList list(out, limit);
  for (std::size_t i = 0; i < block.samples.size(); ++i) {
    const Samples& samples = block.samples[i];
    if (samples.size() == 0) continue;
    if (!list.Begin(*block.shape, i, ",\"values\":")) break;
    for (std::size_t k = 0; k < samples.size(); ++k) {
      out += k == 0 ? '[' : ',';
      AppendSample(out, samples.t[k], samples.v[k]);
    }
    out += ']';
    list.EndSeries();
  }
  return list.End();
}

void BeginResult(std::string& out, std::string_view type) {
  out += "\"resultType\":\"";
  out += type;
  out += "\",\"result\":";
}

}  // namespace

bool AppendResult(std::string& out, const QueryResult& result, bool is_range, std::size_t limit) {
  const Millis t = result.steps.start;
  if (const auto* const scalar = std::get_if<ScalarColumn>(&result.value)) {
    BeginResult(out, "scalar");
    AppendSample(out, t, scalar->values.front());
    return false;
  }
  if (const auto* const text = std::get_if<std::string>(&result.value)) {
    BeginResult(out, "string");
    out += '[';
    AppendTimestamp(out, t);
    out += ',';
    AppendJsonString(out, *text);
    out += ']';
    return false;
  }
  if (const auto* const ranges = std::get_if<RangeBlock>(&result.value)) {
    BeginResult(out, "matrix");
    return AppendMatrix(out, *ranges, limit);
  }
  const Block& block = std::get<Block>(result.value);
  BeginResult(out, is_range ? "matrix" : "vector");
  return is_range ? AppendMatrix(out, block, result.steps, limit)
                  : AppendVector(out, block, t, limit);
}

void AppendTimestamp(std::string& out, Millis t) {
  std::array<char, 24> text{};
  if (t < 0) out += '-';
  const std::uint64_t magnitude =
      t < 0 ? ~static_cast<std::uint64_t>(t) + 1 : static_cast<std::uint64_t>(t);
  char* const end = text.data() + text.size();
  out.append(text.data(), std::to_chars(text.data(), end, magnitude / 1000).ptr);
  const auto milliseconds = static_cast<unsigned>(magnitude % 1000);
  if (milliseconds == 0) return;
  out += '.';
  out += static_cast<char>('0' + milliseconds / 100);
  if (milliseconds % 100 == 0) return;
  out += static_cast<char>('0' + milliseconds / 10 % 10);
  if (milliseconds % 10 != 0) out += static_cast<char>('0' + milliseconds % 10);
}

void AppendSampleValue(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  std::array<char, kLongestPlainNumber> text{};
  char* const end = text.data() + text.size();
  out.append(text.data(), std::to_chars(text.data(), end, value, std::chars_format::fixed).ptr);
}

void AppendLabels(std::string& out, const Labels& labels, bool without_name) {
  char separator = '{';
  for (const Label& label : labels) {
    if (without_name && label.name.text() == kMetricNameLabel) continue;
    out += separator;
    separator = ',';
    AppendJsonString(out, label.name.text());
    out += ':';
    AppendJsonString(out, label.value.text());
  }
  if (separator == '{') out += '{';
  out += '}';
}

}  // namespace tocsin::api
