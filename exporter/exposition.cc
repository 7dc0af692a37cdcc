#include "exporter/exposition.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <utility>

#include "base/number.h"

namespace tocsin {
namespace {

enum class Quotes { kPlain, kEscaped };

void AppendEscaped(std::string& out, std::string_view text, Quotes quotes) {
  const std::string_view special = quotes == Quotes::kEscaped ? "\\\n\"" : "\\\n";
  while (true) {
    const std::size_t plain = text.find_first_of(special);
    out.append(text.substr(0, plain));
    if (plain == std::string_view::npos) return;
    out += '\\';
    out += text[plain] == '\n' ? 'n' : text[plain];
    text.remove_prefix(plain + 1);
  }
}

/// A label without a value is the same as no label to Prometheus, and is left out.
void AppendLabel(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!out.empty()) out += ',';
  out.append(name).append("=");
  AppendLabelValue(out, value);
}

/// The labels of a series, as they stand between the braces.
void FormatLabels(const FamilyShape& shape, std::size_t series, std::string& out) {
  out.clear();
  SeriesParts parts(shape.series(series));
  for (const std::string& name : shape.label_names) AppendLabel(out, name, parts.Take());
  for (const auto& [name, value] : shape.constant_labels) AppendLabel(out, name, value);
}

/// The same of a series in the flat form; its sample's name is the answer. A constant label wins
/// over one of the series' own.
std::string_view FormatFlatLabels(const FamilyShape& shape, std::size_t series, std::string& out) {
  out.clear();
  SeriesParts parts(shape.series(series));
  const std::string_view sample_name = parts.Take();
  while (!parts.empty()) {
    const std::string_view name = parts.Take();
    const std::string_view value = parts.Take();
    const auto is_it = [&](const auto& label) { return label.first == name; };
    if (std::none_of(shape.constant_labels.begin(), shape.constant_labels.end(), is_it)) {
      AppendLabel(out, name, value);
    }
  }
  for (const auto& [name, value] : shape.constant_labels) AppendLabel(out, name, value);
  return sample_name;
}

bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// Writes lines one after another into a rendering.
class LineWriter {
 public:
  explicit LineWriter(RenderedFamily& out) : out_(out) {}

  /// `name` and `suffix` together are the sample's name.
  void Write(std::string_view name, std::string_view suffix, std::string_view labels,
             double value) {
    out_.text.append(name).append(suffix);
    if (!labels.empty()) out_.text.append("{").append(labels).append("}");
    out_.text += ' ';
    const auto begin = static_cast<std::uint32_t>(out_.text.size());
    AppendNumber(out_.text, value);
    out_.text += '\n';
    out_.lines.push_back({begin, static_cast<std::uint32_t>(out_.text.size())});
  }

 private:
  RenderedFamily& out_;
};

/// The labels of each of a family's buckets, ready to append: `le="0.5"`.
std::vector<std::string> BucketLabels(const FamilyShape& shape) {
  std::vector<std::string> labels;
  for (const double bound : shape.bounds) {
    AppendCanonicalNumber(labels.emplace_back("le=\""), bound);
    labels.back() += '"';
  }
  labels.emplace_back("le=\"+Inf\"");
  return labels;
}

void WriteHistograms(RenderedFamily& out) {
  const FamilyShape& shape = *out.shape;
  const std::vector<std::string> bucket_labels = BucketLabels(shape);
  LineWriter writer(out);
  std::string labels;
  const double* value = out.values.data();
  for (std::size_t series = 0; series < shape.series_count(); ++series) {
    FormatLabels(shape, series, labels);
    const std::size_t own_size = labels.size();
    for (std::size_t bucket = 0; bucket < bucket_labels.size(); ++bucket) {
      if (own_size != 0) labels += ',';
      labels += bucket_labels[bucket];
      writer.Write(shape.name, "_bucket", labels, value[bucket]);
      labels.resize(own_size);
    }
    const std::size_t count = shape.bounds.size();
    writer.Write(shape.name, "_sum", labels, value[count + 1]);
    writer.Write(shape.name, "_count", labels, value[count]);
    value += shape.values_per_series();
  }
}

void WriteSamples(RenderedFamily& out) {
  LineWriter writer(out);
  std::string labels;
  for (std::size_t series = 0; series < out.shape->series_count(); ++series) {
    std::string_view name = out.shape->name;
    if (out.shape->form == SeriesForm::kFlat) {
      name = FormatFlatLabels(*out.shape, series, labels);
    } else {
      FormatLabels(*out.shape, series, labels);
    }
    writer.Write(name, "", labels, out.values[series]);
  }
}

/// Which of a family's values a line shows. A histogram's lines are its buckets, sum, count; its
/// values are the bounds' counts, the count (which is the last bucket's too), and the sum.
class LineValues {
 public:
  explicit LineValues(const FamilyShape& shape)
      : bounds_(shape.bounds.size()), histogram_(shape.has_histograms()) {}

  std::size_t LinesPerSeries() const { return histogram_ ? bounds_ + 3 : 1; }

  std::size_t operator[](std::size_t line) const {
    if (!histogram_) return line;
    const std::size_t first = line / LinesPerSeries() * (bounds_ + 2);
    const std::size_t within = line % LinesPerSeries();
    if (within <= bounds_) return first + within;
    return within == bounds_ + 1 ? first + bounds_ + 1 : first + bounds_;
  }

 private:
  std::size_t bounds_;
  bool histogram_;
};

/// The text of `previous` with other values: whole stretches are copied, and only the values that
/// differ are formatted.
void WriteAgain(const RenderedFamily& previous, RenderedFamily& out) {
  const LineValues value_of(*out.shape);
  const std::string_view old_text = previous.text;
  out.lines.resize(previous.lines.size());
  std::uint32_t copied = 0;  // How much of the old text is dealt with.
  std::uint32_t moved = 0;   // New position minus old position, modulo 2^32.
  for (std::size_t line = 0; line < out.lines.size(); ++line) {
    const RenderedFamily::Line old = previous.lines[line];
    const double value = out.values[value_of[line]];
    const std::uint32_t begin = old.value + moved;
    if (!SameBits(value, previous.values[value_of[line]])) {
      out.text.append(old_text.substr(copied, old.value - copied));
      AppendNumber(out.text, value);
      copied = old.end - 1;
      moved = static_cast<std::uint32_t>(out.text.size()) - copied;
    }
    out.lines[line] = {begin, old.end + moved};
  }
  out.text.append(old_text.substr(copied));
}

std::string_view UnitOf(std::string_view family) {
  for (const std::string_view unit : {"seconds", "bytes", "ratio"}) {
    if (family.size() > unit.size() && family.ends_with(unit) &&
        family[family.size() - unit.size() - 1] == '_') {
      return unit;
    }
  }
  return {};
}

std::string TextHeader(const FamilyShape& shape) {
  std::string out;
  if (!shape.help.empty()) {
    out.append("# HELP ").append(shape.name).append(" ");
    AppendEscaped(out, shape.help, Quotes::kPlain);
    out += '\n';
  }
  out.append("# TYPE ").append(shape.name).append(" ");
  out.append(shape.type == MetricType::kUnknown ? "untyped" : Name(shape.type)).append("\n");
  return out;
}

std::string OpenMetricsHeader(const FamilyShape& shape) {
  constexpr std::string_view kTotal = "_total";
  std::string_view family = shape.name;
  MetricType type = shape.type;
  if (type == MetricType::kCounter) {
    if (family.ends_with(kTotal)) {
      family.remove_suffix(kTotal.size());
    } else {
      type = MetricType::kUnknown;
    }
  }
  std::string out = "# TYPE ";
  out.append(family).append(" ").append(Name(type)).append("\n");
  if (const std::string_view unit = UnitOf(family); !unit.empty()) {
    out.append("# UNIT ").append(family).append(" ").append(unit).append("\n");
  }
  if (shape.help.empty()) return out;
  out.append("# HELP ").append(family).append(" ");
  AppendEscaped(out, shape.help, Quotes::kEscaped);
  out += '\n';
  return out;
}

}  // namespace

std::shared_ptr<const RenderedFamily> RenderFamily(
    const FamilyPoints& points, const std::shared_ptr<const RenderedFamily>& previous) {
  assert(points.values.size() == points.shape->series_count() * points.shape->values_per_series());
  const bool same_shape = previous != nullptr && previous->shape == points.shape;
  if (same_shape &&
      std::equal(points.values.begin(), points.values.end(), previous->values.begin(), SameBits)) {
    return previous;
  }
  auto rendered = std::make_shared<RenderedFamily>();
  rendered->shape = points.shape;
  rendered->values = points.values;
  if (same_shape) {
    rendered->text.reserve(previous->text.size() + previous->text.size() / 64 + 64);
    WriteAgain(*previous, *rendered);
  } else if (points.shape->has_histograms()) {
    WriteHistograms(*rendered);
  } else {
    WriteSamples(*rendered);
  }
  return rendered;
}

std::string FamilyHeader(ExpositionFormat format, const FamilyShape& shape) {
  return format == ExpositionFormat::kText ? TextHeader(shape) : OpenMetricsHeader(shape);
}

void AppendLabelValue(std::string& out, std::string_view value) {
  out += '"';
  AppendEscaped(out, value, Quotes::kEscaped);
  out += '"';
}

std::string_view PageEnd(ExpositionFormat format) {
  return format == ExpositionFormat::kOpenMetrics ? "# EOF\n" : "";
}

}  // namespace tocsin
