#include "rules/alert_json.h"

#include <cmath>
#include <limits>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

ActiveAlert Plain() {
  ActiveAlert alert;
  alert.labels = Labels{{"alertname", "Down"}, {"instance", "a"}, {"severity", "page"}};
  alert.sample_labels = Labels{{"__name__", "up"}, {"instance", "a"}, {"severity", "none"}};
  alert.value = 0.5;
  alert.active_at = 1000;
  return alert;
}

ActiveAlert Full() {
  ActiveAlert alert = Plain();
  alert.sample_labels = alert.labels;
  alert.value = -HUGE_VAL;
  alert.state = AlertState::kInactive;
  alert.active_at = std::numeric_limits<Millis>::min();
  alert.fired_at = 0;
  alert.keep_firing_since = -1;
  alert.resolved_at = 2;
  alert.last_sent_at = 3;
  alert.valid_until = std::numeric_limits<Millis>::max();
  alert.annotations = {{"summary", std::string("\"q\"\n\0\xff", 6)}, {"url", "http://x/?a=1"}};
  alert.reason = AlertReason::kRuleRemoved;
  alert.missing = std::numeric_limits<std::uint32_t>::max();
  return alert;
}

std::string TextOf(const ActiveAlert& alert) {
  std::string text;
  AppendAlert(text, alert);
  return text;
}

std::optional<ActiveAlert> ReadOne(const std::string& text) {
  const std::optional<AlertArray> array = AlertArray::Parse("[" + text + "]");
  BOOST_REQUIRE(array);
  BOOST_REQUIRE(array->size() == 1U);
  return array->AlertAt(0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(alert_json_test)

BOOST_AUTO_TEST_CASE(WhatIsNullOrEmptyIsLeftOut) {
  BOOST_TEST(TextOf(Plain()) ==
             R"({"labels":{"alertname":"Down","instance":"a","severity":"page"},)"
             R"("sample":{"__name__":"up","alertname":null,"severity":"none"},"value":"0.5",)"
             R"("state":"pending","active":1000,"until":0,"reason":"firing"})");
  BOOST_TEST(TextOf(Full()) ==
             R"({"labels":{"alertname":"Down","instance":"a","severity":"page"},"value":"-Inf",)"
             R"("state":"inactive","active":-9223372036854775808,"fired":0,"keep":-1,)"
             R"("resolved":2,"sent":3,"until":9223372036854775807,"annotations":)"
             "{\"summary\":\"\\\"q\\\"\\u000a\\u0000\xff\",\"url\":\"http://x/?a=1\"},"
             R"("reason":"rule removed","missing":4294967295})");
}

BOOST_AUTO_TEST_CASE(WhatIsWrittenIsReadBack) {
  std::vector<ActiveAlert> alerts = {Plain(), Full()};
  for (const double value : {0.0, 0.1, 1e300, 5e-324, HUGE_VAL, std::nan("")}) {
    alerts.push_back(Plain());
    alerts.back().value = value;
  }
  for (const Labels& sample :
       {Labels(), Labels{{"z", "\xff"}}, Labels{{"a", "\x01"}}, Labels{{"instance", "b"}}}) {
    alerts.push_back(Full());
    alerts.back().sample_labels = sample;
    alerts.push_back(alerts.back());
    std::swap(alerts.back().labels, alerts.back().sample_labels);
  }
  for (const ActiveAlert& alert : alerts) {
    BOOST_TEST_CONTEXT(TextOf(alert)) {
      const std::optional<ActiveAlert> read = ReadOne(TextOf(alert));
      BOOST_REQUIRE(read);
      BOOST_TEST(IsSame(*read, alert));
    }
  }
}

BOOST_AUTO_TEST_CASE(EventsSayWhatHasHappened) {
  using enum AlertEvent::Kind;
  for (const AlertEvent::Kind kind : {kPending, kFiring, kResolved, kDropped}) {
    std::string text = "[";
    AppendEvent(text, kind, Full());
    const std::optional<AlertArray> array = AlertArray::Parse(text + "]");
    BOOST_REQUIRE(array);
    BOOST_TEST((array->KindAt(0) == kind));
    BOOST_TEST(IsSame(*array->AlertAt(0), Full()));
  }
  BOOST_TEST(!AlertArray::Parse("[" + TextOf(Full()) + "]")->KindAt(0).has_value());
}

BOOST_AUTO_TEST_CASE(AnythingElseIsRefused) {
  for (const char* const text : {"", "{}", "null", "[", "[1", "[{]", "[]x", "[{}"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!AlertArray::Parse(text).has_value());
    }
  }
  for (const char* const text : {"null", "1", "[]", "{}", R"("a")"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!ReadOne(text).has_value());
    }
  }
  struct Row {
    const char* from;
    const char* to;
  };
  const Row rows[] = {
      {R"("labels":{)", R"("labels":{"x":1,)"},
      {R"("labels":{)", R"("labels":7,"more":{)"},
      {R"(:null)", R"(:false)"},
      {R"("0.5")", R"(0.5)"},
      {R"("0.5")", R"("half")"},
      {R"("pending")", R"("happy")"},
      {R"("state")", R"("status")"},
      {R"("active":1000)", R"("active":"1000")"},
      {R"("active":1000)", R"("active":1000.5)"},
      {R"("active":1000,)", ""},
      {R"("active":1000)", R"("active":9223372036854775808)"},
      {R"("until":0)", R"("until":0,"fired":null)"},
      {R"("until":0)", R"("until":0,"missing":-1)"},
      {R"("until":0)", R"("until":0,"missing":4294967296)"},
      {R"("until":0)", R"("until":0,"annotations":[])"},
      {R"("until":0)", R"("until":0,"annotations":{"a":null})"},
      {R"("firing")", R"("because")"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.from << " -> " << row.to) {
      std::string text = TextOf(Plain());
      const auto at = text.find(row.from);
      BOOST_REQUIRE(at != std::string::npos);
      BOOST_TEST(!ReadOne(text.replace(at, std::string(row.from).size(), row.to)).has_value());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
