#include "exporter/api/result_json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "base/json_writer.h"
#include "rules/promql/literal.h"

namespace tocsin::api {
namespace {

using promql::Block;
using promql::IsPresent;
using promql::QueryResult;
using promql::RangeBlock;
using promql::ScalarColumn;
using promql::Shape;
using promql::Steps;

/// "-2.2250738585072014e-308", and "-0.0000012345678901234567" without an exponent.
constexpr std::size_t kLongestNumber = 32;
constexpr double kFirstInexactInteger = 0x1p53;

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
  SeriesList(Pieces& out, std::size_t limit) : out_(out), text_(out.text()), limit_(limit) {
    text_ += '[';
  }

  /// Begins the next series and returns true, or returns false if there are enough.
  bool Begin(const Shape& shape, std::size_t i, std::string_view key) {
    if (limit_ != 0 && count_ == limit_) {
      truncated_ = true;
      return false;
    }
    text_ += count_++ == 0 ? "{\"metric\":" : ",{\"metric\":";
    AppendLabels(text_, shape.labels[i], shape.drops_name(i));
    text_ += key;
    return true;
  }
  void Append(Millis t, double value) {
    AppendSample(text_, t, value);
    out_.MayCut();
  }
  /// One of several samples; `separator` stands before it.
  void Append(char separator, Millis t, double value) {
    text_ += separator;
    Append(t, value);
  }
  void EndSamples() { text_ += ']'; }
  void EndSeries() { text_ += '}'; }
  /// Returns whether series were left out.
  bool End() {
    text_ += ']';
    return truncated_;
  }

 private:
  Pieces& out_;
  std::string& text_;
  const std::size_t limit_;
  std::size_t count_ = 0;
  bool truncated_ = false;
};

bool AppendVector(Pieces& out, const Block& block, Millis t, std::size_t limit) {
  SeriesList list(out, limit);
  const auto append = [&](std::size_t i) {
    const double value = block.at(i, 0);
    if (!IsPresent(value)) return true;
    if (!list.Begin(*block.shape, i, ",\"value\":")) return false;
    list.Append(t, value);
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

bool AppendMatrix(Pieces& out, const Block& block, const Steps& steps, std::size_t limit) {
  SeriesList list(out, limit);
  for (std::size_t i = 0; i < block.shape->size(); ++i) {
    char separator = '[';
    for (std::size_t step = 0; step < block.steps; ++step) {
      const double value = block.at(i, step);
      if (!IsPresent(value)) continue;
      if (separator == '[' && !list.Begin(*block.shape, i, ",\"values\":")) return list.End();
      list.Append(separator, steps.at(step), value);
      separator = ',';
    }
    if (separator == '[') continue;  // Has no point in this range.
    list.EndSamples();
    list.EndSeries();
  }
  return list.End();
}

bool AppendMatrix(Pieces& out, const RangeBlock& block, std::size_t limit) {
  SeriesList list(out, limit);
  for (std::size_t i = 0; i < block.samples.size(); ++i) {
    const Samples& samples = block.samples[i];
    if (samples.size() == 0) continue;
    if (!list.Begin(*block.shape, i, ",\"values\":")) break;
    for (std::size_t k = 0; k < samples.size(); ++k) {
      list.Append(k == 0 ? '[' : ',', samples.t[k], samples.v[k]);
    }
    list.EndSamples();
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

bool AppendResult(Pieces& out, const QueryResult& result, bool is_range, std::size_t limit) {
  std::string& text = out.text();
  const Millis t = result.steps.start;
  if (const auto* const scalar = std::get_if<ScalarColumn>(&result.value)) {
    BeginResult(text, "scalar");
    AppendSample(text, t, scalar->values.front());
    return false;
  }
  if (const auto* const string = std::get_if<std::string>(&result.value)) {
    BeginResult(text, "string");
    text += '[';
    AppendTimestamp(text, t);
    text += ',';
    AppendJsonString(text, *string);
    text += ']';
    return false;
  }
  if (const auto* const ranges = std::get_if<RangeBlock>(&result.value)) {
    BeginResult(text, "matrix");
    return AppendMatrix(out, *ranges, limit);
  }
  const Block& block = std::get<Block>(result.value);
  BeginResult(text, is_range ? "matrix" : "vector");
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
  const double magnitude = std::abs(value);
  const bool is_written_out = magnitude == 0 || (magnitude >= 1e-6 && magnitude < 1e21);
  // From 2^53 on, to_chars() would not give the shortest digits, but all.
  if (!std::isfinite(value) || (is_written_out && magnitude >= kFirstInexactInteger)) {
    promql::AppendPlain(out, value);
    return;
  }
  std::array<char, kLongestNumber> text{};
  char* const end = text.data() + text.size();
  const auto format = is_written_out ? std::chars_format::fixed : std::chars_format::scientific;
  out.append(text.data(), std::to_chars(text.data(), end, value, format).ptr);
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

void AppendLabelsAt(JsonWriter& json, std::string_view key, const Labels& labels) {
  std::string text;
  AppendLabels(text, labels);
  json.Key(key).Raw(text);
}

}  // namespace tocsin::api
