// Labels of a page that stand where labels of ours are to be.

#pragma once

#include "base/labels.h"

namespace tocsin::collectors {

/// Moves those of `labels` that are called like one of `added` to `exported_<name>`, with as many
/// "exported_" as it takes. Setting the labels of `added` afterwards overwrites nothing.
/// Source: Prometheus' scrape/scrape.go, resolveConflictingExposedLabels.
void MakeWay(const Labels& added, LabelsBuilder& labels);

}  // namespace tocsin::collectors
