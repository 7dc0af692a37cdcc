// One look at one HTTP server: what is asked, and what the answer amounts to.

#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/http_client.h"
#include "base/metric_sink.h"
#include "collectors/http/expectation.h"
#include "collectors/http/json_path.h"
#include "collectors/registry.h"

namespace tocsin::collectors::http {

/// A member of a JSON body that is shown as a gauge: a number as it is, true as 1, false as 0.
struct ShownMember {
  JsonPath path;
  std::string name;  ///< Empty: the path, or the names of the members for "*".
};

/// What is asked, and what is expected. Immutable once read.
struct ProbeSettings {
  HttpSettings http = {};
  std::string method = "GET";
  std::string body = {};
  std::string body_content_type = "application/json";
  Duration timeout = std::chrono::seconds(5);
  Expectation expectation = {};
  std::vector<ShownMember> members = {};
};

/// Reads the keys of a probe, those of <http_config> included, beside which others may stand.
/// Mistakes go to the map's diagnostics.
ProbeSettings ReadProbeSettings(YamlMap& map);

/// The keys that ReadProbeSettings() reads, but for <http_config>.
inline constexpr std::array kProbeOptions = {
    OptionDesc{"method", "text", "GET", "The method of the request."},
    OptionDesc{"body", "text", "", "What is sent, with any method but GET and HEAD."},
    OptionDesc{"body_content_type", "text", "application/json", "The type of the body."},
    OptionDesc{"timeout", "duration", "5s",
               "The longest that one probe may take; the collection's own timeout holds, too."},
    OptionDesc{"expect.status", "list of texts", "[2xx]", "Statuses such as 200 or 2xx."},
    OptionDesc{"expect.content_type", "text", "",
               "The type of the answer, without parameters; empty for any."},
    OptionDesc{"expect.fail_if_html", "true/false", "true",
               "Whether a page of HTML is a failure, unless content_type asks for one."},
    OptionDesc{"expect.body_matches", "list of texts", "[]",
               "Regular expressions of RE2 that must all match somewhere in the body."},
    OptionDesc{"expect.body_must_not_match", "list of texts", "[]",
               "Regular expressions none of which may match."},
    OptionDesc{"expect.json[].path", "text", "",
               "Where a JSON body must be as expected: checks.database, items.0, checks.*."},
    OptionDesc{"expect.json[].equals", "text", "", "What must be there: a text, number or bool."},
    OptionDesc{"expect.json[].exists", "true/false", "true", "Whether anything must be there."},
    OptionDesc{"values[].path", "text", "",
               "Where a number or bool of a JSON body stands that is shown as a gauge."},
    OptionDesc{"values[].member", "text", "",
               "Its label; by default the path, or for checks.* the names of the members."},
};

/// The metrics of a probe, all with the label `target`.
std::span<const MetricDesc> ProbeMetrics();

/// What is wrong, if anything is: there is no answer, or not the expected one. Adds the metrics of
/// the probe with the label `target`.
std::optional<Fault> PublishProbe(std::string_view target, const ProbeSettings& settings,
                                  const HttpOutcome& outcome, MetricSink& points);

}  // namespace tocsin::collectors::http
