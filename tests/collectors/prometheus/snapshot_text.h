// A snapshot's families in the flat form, as text.

#pragma once

#include <cstddef>
#include <string>

#include "base/number.h"
#include "base/snapshot.h"

namespace tocsin::collectors {

/// "name type: sample{label=value}=number@time ..." and a line feed.
inline std::string TextOf(const FamilyPoints& family) {
  const FamilyShape& shape = *family.shape;
  std::string text = shape.name + ' ' + std::string(Name(shape.type)) + ':';
  for (std::size_t i = 0; i < family.values.size(); ++i) {
    SeriesParts parts(shape.series(i));
    text += ' ';
    if (shape.form == SeriesForm::kFlat) text += parts.Take();
    while (shape.form == SeriesForm::kFlat && !parts.empty()) {
      text.append("{").append(parts.Take());
      text.append("=").append(parts.Take()).append("}");
    }
    text += '=' + FormatNumber(family.values[i]);
    if (!family.times.empty() && family.times[i] != FamilyPoints::kNoTime) {
      text += '@' + std::to_string(family.times[i].time_since_epoch().count());
    }
  }
  return text + '\n';
}

inline std::string TextOf(const Snapshot& snapshot) {
  std::string text;
  for (const FamilyPoints& family : snapshot.families) text += TextOf(family);
  return text;
}

}  // namespace tocsin::collectors
