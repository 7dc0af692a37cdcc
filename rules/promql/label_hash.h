// Where a label set stands among all label sets: what limit_ratio samples by.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/labels.h"

namespace tocsin::promql {

/// XXH64 of `text` with seed 0. Source: github.com/Cyan4973/xxHash, doc/xxhash_spec.md.
std::uint64_t XxHash64(std::string_view text);

/// A number in [0, 1], spread evenly over label sets and always the same for one: the hash of the
/// set as Prometheus 3 keeps it in memory, so that both choose the same series.
/// Source: Prometheus' model/labels/labels_stringlabels.go.
double LabelHashFraction(const Labels& labels);

}  // namespace tocsin::promql
