#include "notify/alert_naming.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "notify/received_alert.h"

namespace tocsin::notify {
namespace {

std::string Named(const AlertNaming& names, const Labels& own) {
  const std::optional<Labels> labels = names.LabelsOf(own);
  return labels ? labels->ToString() : "dropped";
}

/// Takes the label `replica` away, and drops what has `team="nobody"`.
AlertNaming Relabelling(Labels external) {
  auto config = std::make_shared<NotifyConfig>();
  RelabelRule drop;
  drop.action = RelabelAction::kDrop;
  drop.source_labels = {"team"};
  drop.regex = AnchoredRegexp("nobody");
  RelabelRule without;
  without.action = RelabelAction::kLabelDrop;
  without.regex = AnchoredRegexp("replica");
  config->alertmanagers.alert_relabel = {drop, without};
  return {std::move(config), std::move(external)};
}

BOOST_AUTO_TEST_SUITE(alert_naming_test)

BOOST_AUTO_TEST_CASE(AlertsAreCalledByTheirLabelsAndTheExternalOnesRelabelled) {
  const Labels own = {{"alertname", "A"}, {"replica", "1"}};
  BOOST_TEST(Named({}, own) == own.ToString());
  const AlertNaming names = Relabelling({{"cluster", "c"}, {"replica", "2"}});
  BOOST_TEST(Named(names, own) == R"({alertname="A", cluster="c"})");
  BOOST_TEST(Named(names, {{"cluster", "own"}}) == R"({cluster="own"})");
  BOOST_TEST(names.FingerprintOf(own) == Fingerprint({{"alertname", "A"}, {"cluster", "c"}}));
  BOOST_TEST(names.FingerprintOf(own) != names.FingerprintOf({{"alertname", "A"}, {"job", "j"}}));
}

BOOST_AUTO_TEST_CASE(AnAlertThatRelabellingDropsHasAFingerprintAllTheSame) {
  const AlertNaming names = Relabelling({{"cluster", "c"}});
  const Labels own = {{"alertname", "A"}, {"team", "nobody"}};
  BOOST_TEST(Named(names, own) == "dropped");
  BOOST_TEST(names.FingerprintOf(own) ==
             Fingerprint({{"alertname", "A"}, {"cluster", "c"}, {"team", "nobody"}}));
  BOOST_TEST(Named(Relabelling({}), {{"replica", "1"}}) == "dropped");  // Nothing is left of it.
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
