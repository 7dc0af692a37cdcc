#include "notify/received_alert.h"

#include <chrono>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

using std::chrono::seconds;

BOOST_AUTO_TEST_SUITE(received_alert_test)

// Values of prometheus/common, model.LabelSet.Fingerprint.
BOOST_AUTO_TEST_CASE(FingerprintsAreAlertmanagers) {
  const struct {
    Labels labels;
    std::string text;
  } rows[] = {
      {{}, "cbf29ce484222325"},
      {{{"name", "garland, briggs"}, {"fear", "love is not enough"}}, "507a62d79ee76c9a"},
      {{{"fear", "love is not enough"}, {"name", "garland, briggs"}}, "507a62d79ee76c9a"},
  };
  for (const auto& row : rows) {
    BOOST_TEST(FingerprintText(Fingerprint(row.labels)) == row.text);
  }
  BOOST_TEST(FingerprintText(1) == "0000000000000001");
}

BOOST_AUTO_TEST_CASE(AnAlertEndsWhenItSaysSoOrIsNotRenewed) {
  const TimePoint now(std::chrono::hours(1000));
  const struct {
    bool resolved;
    TimePoint ends_at;
    bool is_resolved;
  } rows[] = {
      {true, now, true},           {true, now + seconds(1), true},  // The rule's clock is ahead.
      {false, TimePoint(), false}, {false, now + seconds(1), false},
      {false, now, true},          {false, now - seconds(1), true},
  };
  for (const auto& row : rows) {
    Alert alert;
    alert.resolved = row.resolved;
    alert.ends_at = row.ends_at;
    const ReceivedAlert received{{}, std::make_shared<Alert>(alert), now};
    BOOST_TEST(received.IsResolved(now) == row.is_resolved);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
