// What alerts of our own rules are called outside this process.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/labels.h"
#include "notify/notify_config.h"

namespace tocsin::notify {

/// As the configuration in force at one moment has it. Immutable; a copy is cheap.
class AlertNaming {
 public:
  /// Nothing is added, nothing relabelled.
  AlertNaming() = default;
  AlertNaming(std::shared_ptr<const NotifyConfig> config, Labels external_labels)
      : config_(std::move(config)), external_labels_(std::move(external_labels)) {}

  /// The labels by which the notifier knows an alert: with the external ones, relabelled. Nothing
  /// if relabelling drops it.
  std::optional<Labels> LabelsOf(const Labels& own) const;
  /// The fingerprint of these; of an alert that is dropped, of its labels with the external ones.
  std::uint64_t FingerprintOf(const Labels& own) const;

 private:
  std::shared_ptr<const NotifyConfig> config_;  ///< Null: relabels nothing.
  Labels external_labels_;
};

}  // namespace tocsin::notify
