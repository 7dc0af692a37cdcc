// Tells of receivers that fail for long, by way of the others.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/alert.h"
#include "base/clock.h"
#include "notify/log_book.h"
#include "notify/notify_config.h"
#include "notify/notify_store.h"
#include "notify/plan.h"

namespace tocsin::notify {

/// How one destination is doing.
struct DestinationHealth {
  Destination destination;
  std::optional<TimePoint> failing_since;  ///< Nothing: it works, or was never tried.
  bool has_delivered = false;              ///< Since the start.
  std::string last_error;
};

/// Raises the alert TocsinReceiverFailing for each destination that has failed for
/// `failing_after`, and resolves it. It goes to the receivers that the routes give for it, but not
/// to the one that fails; if none of them works, to every other one.
///
/// Knows no clock and sends nothing. One thread at a time.
class ReceiverWatch {
 public:
  static constexpr std::string_view kAlertName = "TocsinReceiverFailing";

  /// Takes up what was told before a restart and was not over: keys of the log.
  void Restore(const NotifyStore::LogKey& key, const Notification& last);

  /// Whether nobody is to hear of an alert with these labels at the moment.
  using IsQuiet = std::function<bool(const Labels&)>;

  struct Surroundings {
    const NotifyConfig& config;
    const Labels& external_labels;
    const LogBook& log;
    IsQuiet is_quiet;
  };
  /// What is to be told now. Of an alert that is quiet nothing is, its end included, until it no
  /// longer is. `health` is that of every destination there is.
  std::vector<Told> Look(const std::vector<DestinationHealth>& health,
                         const Surroundings& surroundings, TimePoint now);

  struct Raised {
    Destination failing;
    std::shared_ptr<const Alert> alert;
    std::vector<Destination> told;                     ///< Who hears of it.
    std::optional<TimePoint> ended_at = std::nullopt;  ///< Its end is still to be told.
  };
  /// Those that fire.
  std::vector<Raised> Firing() const;

 private:
  void Raise(const DestinationHealth& health, const std::vector<DestinationHealth>& all,
             const Surroundings& surroundings);

  std::map<Destination, Raised> raised_;  ///< By the one that fails.
};

}  // namespace tocsin::notify
