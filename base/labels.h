// Label sets: sorted, immutable, cheap to copy and to compare.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/symbol.h"

namespace tocsin {

/// The label that holds a series' metric name.
inline constexpr std::string_view kMetricNameLabel = "__name__";

struct Label {
  Symbol name;
  Symbol value;
};

/// A set of labels, sorted by name, each name once, no value empty (an empty value is the same as
/// no label). Immutable and shared: a copy is a counted pointer. Equality compares hashes first.
///
/// Safe for concurrent use as immutable things are.
/// Source: Prometheus' documentation, "Data model".
class Labels {
 public:
  /// The empty set.
  Labels() = default;
  /// For tests and tables: {{"job", "a"}, {"__name__", "up"}} in any order; the last of a name
  /// wins.
  Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels);
  Labels(const Labels& other);
  Labels(Labels&& other) noexcept;
  Labels& operator=(Labels other) noexcept;
  ~Labels();

  std::span<const Label> all() const;
  const Label* begin() const { return all().data(); }
  const Label* end() const { return all().data() + size(); }
  std::size_t size() const;
  bool empty() const { return block_ == nullptr; }

  /// The value of a label, or the empty text.
  std::string_view Get(std::string_view name) const;
  /// The same for a symbol, without comparing text.
  Symbol Get(const Symbol& name) const;
  bool Has(std::string_view name) const { return !Get(name).empty(); }
  std::string_view metric_name() const { return Get(kMetricNameLabel); }

  /// Of names and values: the same in every process.
  std::uint64_t hash() const;

  friend bool operator==(const Labels& a, const Labels& b);
  /// Prometheus' order: label by label, by name and then by value; a prefix comes first.
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

  /// This set without the metric name.
  Labels WithoutName() const;

  /// As Prometheus prints it: `up{job="a"}`, `{job="a"}`, `{}`, `{"a.b"="c"}`, `{"a.b", c="d"}`.
  std::string ToString() const;

  /// How many bytes the set takes, without its symbols.
  std::size_t MemoryBytes() const;

 private:
  friend class LabelsBuilder;
  struct Block;
  explicit Labels(Block* block) : block_(block) {}
  static Labels FromSorted(std::vector<Label>& labels);
  Block* block_ = nullptr;  ///< Null for the empty set.
};

/// Makes a Labels, starting from nothing or from another set. One thread at a time.
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& base);

  /// Sets a label; an empty value removes it.
  LabelsBuilder& Set(std::string_view name, std::string_view value);
  LabelsBuilder& Set(Symbol name, Symbol value);
  LabelsBuilder& Remove(std::string_view name);
  /// Keeps, or removes, the labels named.
  LabelsBuilder& Keep(std::span<const Symbol> names);
  LabelsBuilder& Remove(std::span<const Symbol> names);

  std::string_view Get(std::string_view name) const;
  /// The set. The builder is empty afterwards and may be used again.
  Labels Build();

 private:
  std::vector<Label> labels_;  ///< Sorted by name, no empty values.
};

/// Whether `name` may be a metric or label name in Prometheus 3: valid UTF-8 and not empty.
bool IsUtf8Name(std::string_view name);

}  // namespace tocsin

template <>
struct std::hash<tocsin::Labels> {
  std::size_t operator()(const tocsin::Labels& labels) const { return labels.hash(); }
};
