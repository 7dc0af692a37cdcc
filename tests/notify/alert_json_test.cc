#include "notify/alert_json.h"

#include <memory>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

BOOST_AUTO_TEST_SUITE(alert_json_test)

BOOST_AUTO_TEST_CASE(WritesWhatAlertmanagerTakes) {
  Alert full;
  full.annotations = {{"description", "say \"hi\"\n"}, {"summary", "é"}};
  full.starts_at = TimePoint(Duration(1'700'000'000'123));
  full.ends_at = TimePoint(Duration(1'700'000'240'000));
  full.generator_url = "http://h/graph?g0.expr=up&g0.tab=1";
  const OutgoingAlerts alerts = {
      {Labels{{"alertname", "Down"}, {"job", "a"}}, std::make_shared<const Alert>(full)},
      {Labels{{"alertname", "Bare"}}, std::make_shared<const Alert>()},
  };
  BOOST_TEST(AlertsJson(alerts) ==
             R"([{"labels":{"alertname":"Down","job":"a"},)"
             R"("annotations":{"description":"say \"hi\"\n","summary":"é"},)"
             R"("startsAt":"2023-11-14T22:13:20.123Z","endsAt":"2023-11-14T22:17:20.000Z",)"
             R"("generatorURL":"http://h/graph?g0.expr=up&g0.tab=1"},)"
             R"({"labels":{"alertname":"Bare"}}])");
  BOOST_TEST(AlertsJson({}) == "[]");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify
