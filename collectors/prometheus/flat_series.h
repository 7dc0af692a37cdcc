// Series in the flat form of base/snapshot.h.

#pragma once

#include <string>

#include "base/labels.h"

namespace tocsin::collectors {

/// Appends a series as FamilyShape::label_values has it in the flat form: its name, then the names
/// and values of its other labels.
void AppendFlatSeries(const Labels& series, std::string& out);

}  // namespace tocsin::collectors
