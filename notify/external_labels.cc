#include "notify/external_labels.h"

namespace tocsin::notify {

Labels WithExternal(const Labels& labels, const Labels& external) {
  if (external.empty()) return labels;
  LabelsBuilder all(external);
  for (const Label& label : labels) all.Set(label.name, label.value);
  return all.Build();
}

}  // namespace tocsin::notify
