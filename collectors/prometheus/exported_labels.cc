#include "collectors/prometheus/exported_labels.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::collectors {

void MakeWay(const Labels& added, LabelsBuilder& labels) {
  std::vector<std::pair<std::string, std::string>> renamed;
  for (const Label& label : added) {
    const std::string_view name = label.name.text();
    const std::string_view own = labels.Get(name);
    if (own.empty()) continue;
    renamed.emplace_back(name, own);
    labels.Remove(name);
  }
  for (auto& [name, value] : renamed) {
    do {
      name.insert(0, "exported_");
    } while (!labels.Get(name).empty() || added.Has(name));
    labels.Set(name, value);
  }
}

}  // namespace tocsin::collectors
