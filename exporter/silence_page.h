// The pages about silences.

#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "exporter/http_message.h"
#include "notify/notifier.h"
#include "notify/silence.h"

namespace tocsin {

/// What somebody has filled in at /plain/silences/new, or the link that led there.
struct SilenceForm {
  std::string filter;  ///< Matchers: `{alertname="Down", job=~"a|b"}`.
  std::string duration = "2h";
  std::string author;
  std::string comment;

  /// From the query of a GET, or the form in the body of a POST. Fails with kInvalidInput if that
  /// cannot be decoded.
  static Result<SilenceForm> Read(const HttpRequest& request);
  /// The silence, from `now` on. Fails with kInvalidInput and what has to be filled in better.
  Result<notify::Silence> ToSilence(TimePoint now) const;
};

/// The form. `problem` is what was wrong with the last try; empty: nothing. Of `alerts` those that
/// it would match are shown.
std::string NewSilencePage(const SilenceForm& form, std::string_view problem,
                           const std::vector<notify::Notifier::AlertView>& alerts);

/// The page at /silences/ID, with a button that ends the silence.
std::string SilencePage(const notify::Silence& silence,
                        const std::vector<notify::Notifier::AlertView>& alerts, TimePoint now);

}  // namespace tocsin
