// Whether a series is missing because its collector could not read it.

#pragma once

#include "base/labels.h"
#include "collectors/instance.h"

namespace tocsin {

/// Whether `series`, which is gone, may be missing because `view`'s collector is down or has lost
/// a source or a part: then nothing is known of it. `series` is as a rule last saw it: what has no
/// name any more, after an aggregation, is known by its labels alone.
///
/// Of a part that tells its metrics, it is one of these. Of any other, it is one of the series that
/// went when the part did. If it was lost from the first collection on, it is any of the collector
/// whose metric has not been seen since; but a part whose loss is no fault then had nothing.
bool IsSourceDown(const collectors::InstanceView& view, const Labels& series);

}  // namespace tocsin
