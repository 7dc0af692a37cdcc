#include "notify/alert_naming.h"

#include "base/relabel.h"
#include "notify/external_labels.h"
#include "notify/received_alert.h"

namespace tocsin::notify {

std::optional<Labels> AlertNaming::LabelsOf(const Labels& own) const {
  std::optional<Labels> labels = WithExternal(own, external_labels_);
  if (config_) labels = Relabel(*labels, config_->alertmanagers.alert_relabel);
  if (labels && labels->empty()) labels.reset();
  return labels;
}

std::uint64_t AlertNaming::FingerprintOf(const Labels& own) const {
  const std::optional<Labels> labels = LabelsOf(own);
  return Fingerprint(labels ? *labels : WithExternal(own, external_labels_));
}

}  // namespace tocsin::notify
