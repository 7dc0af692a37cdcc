#include "collectors/kubernetes/resource_watch.h"

#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "collectors/kubernetes/object.h"
#include "tests/collectors/kubernetes/fake_api.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/fake_clock.h"

namespace tocsin::collectors::kubernetes {
namespace {

const std::string kPath = "/api/v1/namespaces/ns/pods";
const std::string kFirstPage = kPath + "?limit=500";

std::string WatchFrom(const std::string& version) {
  return kPath + "?watch=true&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion=" + version;
}

struct Fixture {
  explicit Fixture(std::size_t most_objects = 100)
      : objects(most_objects,
                [](const boost::json::value& object) { return TextAt(object, "metadata.name"); }),
        watch({.path = kPath}, objects) {}

  void Say(Result<HttpAnswer> answer) { api.Say(kPath, std::move(answer)); }

  /// One refresh: the names of the objects, or what went wrong.
  std::string Refresh() {
    ResourceWatch* const watches[] = {&watch};
    skew = RefreshWatches(watches, *server, LongAttempt(), clock);
    return watch.outcome() ? Names() : watch.outcome().error().message;
  }

  std::string Names() const {
    std::string names;
    objects.ForEach([&](const std::string& name) { names += name + " "; });
    return names;
  }

  FakeClock clock;
  FakeApi api;
  std::unique_ptr<ApiServer> server = api.server();
  KeptObjects<std::string> objects;
  ResourceWatch watch;
  std::optional<double> skew;
};

using Paths = std::vector<std::string>;

struct RefusalCase {
  HttpAnswer answer;
  ErrorCode code;
  std::string message;
  Duration wait;  ///< Until it is asked again.
};

const std::vector<RefusalCase> kRefusals = {
    {Refusal(401, "Unauthorized"), ErrorCode::kDenied, "not logged in (401): Unauthorized",
     Duration(0)},
    {Refusal(403, "pods is forbidden"), ErrorCode::kDenied,
     "no right to list and watch (403): pods is forbidden", std::chrono::minutes(1)},
    {Refusal(404), ErrorCode::kNotFound, "no such resource (404)", std::chrono::minutes(1)},
    {Refusal(400, "unable to parse"), ErrorCode::kInvalidInput,
     "the API server refuses (400): unable to parse", std::chrono::seconds(1)},
    {Refusal(429, "too many", {{"Retry-After", "7"}}), ErrorCode::kUnavailable,
     "the API server is busy (429): too many", std::chrono::seconds(7)},
    {Refusal(429, "", {{"Retry-After", "86400"}}), ErrorCode::kUnavailable,
     "the API server is busy (429)", std::chrono::minutes(5)},
    {Refusal(503), ErrorCode::kUnavailable, "the API server is busy (503)",
     std::chrono::seconds(1)},
    {{502, {}, "<html>Bad Gateway</html>"},
     ErrorCode::kUnavailable,
     "the API server is busy (502)",
     std::chrono::seconds(1)},
};

struct BadBody {
  std::string body;
  std::string message;
};

const std::vector<BadBody> kBadLists = {
    {"", "what the API server sent is no JSON"},
    {"<!doctype html><html></html>", "what the API server sent is no JSON"},
    {"{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[",
     "what the API server sent is no JSON"},
    {"[]", "what the API server sent is no list of objects"},
    {"{\"metadata\":{\"resourceVersion\":\"1\"}}",
     "what the API server sent is no list of objects"},
    {"{\"metadata\":{},\"items\":[]}", "what the API server sent is no list of objects"},
    {ListOf({"{}"}, "1"), "an object has no name"},
    {ListOf({"{\"metadata\":{\"name\":7}}"}, "1"), "an object has no name"},
    {ListOf({"null"}, "1"), "an object has no name"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(resource_watch_test)

BOOST_FIXTURE_TEST_CASE(AListComesFirstAndThenWhatChanged, Fixture) {
  Say(Answer(ListOf({Named("a"), Named("b")}, "10")));
  BOOST_TEST(Refresh() == "a b ");
  BOOST_TEST(api.TakeAsked() == Paths{kFirstPage});

  Say(Answer(Event("ADDED", Named("c", "11")) + Event("MODIFIED", Named("a", "12")) +
             Event("DELETED", Named("b", "13"))));
  BOOST_TEST(Refresh() == "a c ");
  BOOST_TEST(api.TakeAsked() == Paths{WatchFrom("10")});
  BOOST_TEST(Refresh() == "a c ");
  BOOST_TEST(api.TakeAsked() == Paths{WatchFrom("13")});
}

BOOST_FIXTURE_TEST_CASE(LongListsComeInPages, Fixture) {
  Say(Answer(ListOf({Named("a")}, "10", "page/2")));
  Say(Answer(ListOf({Named("b")}, "10", "3")));
  Say(Answer(ListOf({Named("c")}, "10")));
  BOOST_TEST(Refresh() == "a b c ");
  const Paths expected{kFirstPage, kFirstPage + "&continue=page%2F2", kFirstPage + "&continue=3"};
  BOOST_TEST(api.TakeAsked() == expected);
}

BOOST_FIXTURE_TEST_CASE(BookmarksMoveTheVersionOn, Fixture) {
  Say(Answer(ListOf({Named("a")}, "10")));
  Refresh();
  Say(Answer(Bookmark("500")));
  BOOST_TEST(Refresh() == "a ");
  api.TakeAsked();
  Refresh();
  BOOST_TEST(api.TakeAsked() == Paths{WatchFrom("500")});
}

BOOST_FIXTURE_TEST_CASE(AnExpiredVersionLeadsToANewListAtOnce, Fixture) {
  Say(Answer(ListOf({Named("a"), Named("b")}, "10")));
  Refresh();
  // As an answer, and as an event of a watch that was granted.
  Say(Refusal(410));
  Say(Answer(ListOf({Named("b"), Named("c")}, "900")));
  BOOST_TEST(Refresh() == "b c ");
  Say(Answer(Event("ADDED", Named("x", "901")) +
             Event("ERROR", R"({"kind":"Status","code":410,"reason":"Expired"})")));
  Say(Answer(ListOf({Named("d")}, "1000")));
  BOOST_TEST(Refresh() == "d ");
  api.TakeAsked();
  Refresh();
  BOOST_TEST(api.TakeAsked() == Paths{WatchFrom("1000")});
}

BOOST_FIXTURE_TEST_CASE(ATokenThatExpiresBetweenPagesStartsTheListAgain, Fixture) {
  Say(Answer(ListOf({Named("a")}, "10", "2")));
  Say(Refusal(410));
  Say(Answer(ListOf({Named("b")}, "20")));
  BOOST_TEST(Refresh() == "b ");
}

BOOST_FIXTURE_TEST_CASE(AVersionThatAlwaysExpiresEndsTheRefresh, Fixture) {
  for (int i = 0; i < 10; ++i) Say(Refusal(410));
  BOOST_TEST(Refresh() == "the resource version is too old");
  BOOST_TEST(api.TakeAsked().size() == 2);
}

BOOST_AUTO_TEST_CASE(RefusalsAreToldAndLeftAloneForAWhile) {
  for (const RefusalCase& each : kRefusals) {
    Fixture fixture;
    fixture.Say(Answer(ListOf({Named("a")}, "10")));
    fixture.Refresh();
    fixture.Say(each.answer);
    BOOST_TEST(fixture.Refresh() == each.message);
    BOOST_TEST((fixture.watch.outcome().error().code == each.code));
    fixture.api.TakeAsked();
    if (each.wait > Duration(0)) {
      fixture.clock.Advance(each.wait - Duration(1));
      BOOST_TEST(fixture.Refresh() == each.message);
      BOOST_TEST(fixture.api.TakeAsked().empty());
      fixture.clock.Advance(Duration(1));
    }
    BOOST_TEST(fixture.Refresh() == "a ");
    BOOST_TEST(fixture.api.TakeAsked() == Paths{WatchFrom("10")});
  }
}

BOOST_FIXTURE_TEST_CASE(ABusyServerIsAskedMoreAndMoreSeldom, Fixture) {
  api.SayEverywhere([](const std::string&) { return Refusal(503); });
  Refresh();
  std::vector<int> waits;
  for (int seconds = 1; waits.size() < 8; ++seconds) {
    clock.Advance(std::chrono::seconds(1));
    api.TakeAsked();
    Refresh();
    if (!api.TakeAsked().empty()) waits.push_back(std::exchange(seconds, 0));
  }
  BOOST_TEST(waits == (std::vector<int>{1, 2, 4, 8, 16, 32, 64, 64}));
}

BOOST_AUTO_TEST_CASE(BadListsAreRefusedAndAskedForAgain) {
  for (const BadBody& bad : kBadLists) {
    Fixture fixture;
    fixture.Say(Answer(bad.body));
    BOOST_TEST(fixture.Refresh() == bad.message);
    BOOST_TEST((fixture.watch.outcome().error().code == ErrorCode::kCorrupt));
    fixture.clock.Advance(std::chrono::seconds(1));
    fixture.Say(Answer(ListOf({Named("a")}, "10")));
    BOOST_TEST(fixture.Refresh() == "a ");
  }
}

BOOST_FIXTURE_TEST_CASE(HalfAnEventIsAskedForAgain, Fixture) {
  Say(Answer(ListOf({Named("a")}, "10")));
  Refresh();
  const std::string event = Event("ADDED", Named("c", "12"));
  Say(Answer(Event("ADDED", Named("b", "11")) + event.substr(0, event.size() / 2)));
  BOOST_TEST(Refresh() == "the last event is cut off");
  clock.Advance(std::chrono::seconds(1));
  Say(Answer(event));
  api.TakeAsked();
  BOOST_TEST(Refresh() == "a b c ");
  BOOST_TEST(api.TakeAsked() == Paths{WatchFrom("11")});
}

BOOST_FIXTURE_TEST_CASE(AnEventThatMakesNoSenseLeadsToANewList, Fixture) {
  for (const std::string& bad :
       {std::string("{\"type\":\n"), Event("EXPLODED", Named("b")), Event("ADDED", "7"),
        std::string("[]\n"), std::string("<html>\n")}) {
    Say(Answer(ListOf({Named("a")}, "10")));
    clock.Advance(std::chrono::minutes(5));
    BOOST_TEST(Refresh() == "a ");
    Say(Answer(bad + Event("ADDED", Named("c", "12"))));
    Refresh();
    BOOST_TEST_REQUIRE(!watch.outcome());
    BOOST_TEST((watch.outcome().error().code == ErrorCode::kCorrupt));
    clock.Advance(std::chrono::minutes(5));
    api.TakeAsked();
    Say(Answer(ListOf({Named("b")}, "20")));
    BOOST_TEST(Refresh() == "b ");
    BOOST_TEST(api.TakeAsked() == Paths{kFirstPage});
    Say(Refusal(410));
  }
}

BOOST_FIXTURE_TEST_CASE(ALostConnectionIsTakenUpWhereItWas, Fixture) {
  Say(Answer(ListOf({Named("a")}, "10")));
  Refresh();
  Say(Error{ErrorCode::kUnavailable, "the connection ended before the answer did"});
  BOOST_TEST(Refresh() == "the connection ended before the answer did");
  api.TakeAsked();
  Say(Answer(Event("ADDED", Named("b", "11"))));
  BOOST_TEST(Refresh() == "a b ");
  BOOST_TEST(api.TakeAsked() == Paths{WatchFrom("10")});
}

BOOST_FIXTURE_TEST_CASE(PagesThatAreTooLongAreAskedForInParts, Fixture) {
  Say(Error{ErrorCode::kTooLarge, "the answer is longer than 8 bytes"});
  Say(Error{ErrorCode::kTooLarge, "the answer is longer than 8 bytes"});
  Say(Answer(ListOf({Named("a")}, "10")));
  BOOST_TEST(Refresh() == "a ");
  const Paths expected{kFirstPage, kPath + "?limit=250", kPath + "?limit=125"};
  BOOST_TEST(api.TakeAsked() == expected);
}

BOOST_FIXTURE_TEST_CASE(AnObjectThatIsTooLongForAPageIsAnError, Fixture) {
  for (int i = 0; i < 20; ++i) Say(Error{ErrorCode::kTooLarge, "too long"});
  BOOST_TEST(Refresh() == "too long");
}

BOOST_FIXTURE_TEST_CASE(NewsThatAreTooLongLeadToANewList, Fixture) {
  Say(Answer(ListOf({Named("a")}, "10")));
  Refresh();
  Say(Error{ErrorCode::kTooLarge, "too long"});
  Say(Answer(ListOf({Named("b")}, "20")));
  BOOST_TEST(Refresh() == "b ");
}

BOOST_AUTO_TEST_CASE(TooManyObjectsAreNotKept) {
  Fixture fixture(2);
  fixture.Say(Answer(ListOf({Named("a"), Named("b"), Named("c")}, "10")));
  BOOST_TEST(fixture.Refresh() == "more than 2 objects");
  BOOST_TEST((fixture.watch.outcome().error().code == ErrorCode::kTooLarge));
  BOOST_TEST(fixture.objects.size() == 0);
  fixture.api.TakeAsked();
  fixture.clock.Advance(std::chrono::minutes(5) - Duration(1));
  fixture.Refresh();
  BOOST_TEST(fixture.api.TakeAsked().empty());
  fixture.clock.Advance(Duration(1));
  fixture.Say(Answer(ListOf({Named("a"), Named("b")}, "11")));
  BOOST_TEST(fixture.Refresh() == "a b ");
  fixture.Say(Answer(Event("ADDED", Named("c", "12"))));
  BOOST_TEST(fixture.Refresh() == "more than 2 objects");
}

BOOST_AUTO_TEST_CASE(OldObjectsDoNotCountAgainstANewList) {
  Fixture fixture(2);
  fixture.Say(Answer(ListOf({Named("a"), Named("b")}, "10")));
  fixture.Refresh();
  fixture.Say(Refusal(410));
  fixture.Say(Answer(ListOf({Named("c")}, "20", "2")));
  fixture.Say(Answer(ListOf({Named("d")}, "20")));
  BOOST_TEST(fixture.Refresh() == "c d ");
}

BOOST_FIXTURE_TEST_CASE(AListThatTakesTooLongGoesOnTheNextTime, Fixture) {
  Say(Answer(ListOf({Named("a")}, "10", "2")));
  ResourceWatch* const watches[] = {&watch};
  RefreshWatches(watches, *server, AttemptFor(Duration(0)), clock);
  BOOST_TEST_REQUIRE(!watch.outcome());
  BOOST_TEST((watch.outcome().error().code == ErrorCode::kTimeout));
  BOOST_TEST(watch.outcome().error().message == "the list is not complete yet: 1 objects so far");
  Say(Answer(ListOf({Named("b")}, "10")));
  BOOST_TEST(Refresh() == "a b ");
}

BOOST_FIXTURE_TEST_CASE(SelectorsGoAlong, Fixture) {
  ResourceWatch selected(
      {.path = "/api/v1/pods", .label_selector = "a=b,c!=d", .field_selector = "spec.nodeName=n"},
      objects);
  selected.Begin(clock.SteadyNow());
  BOOST_TEST(selected.NextPath().value() ==
             "/api/v1/pods?limit=500&labelSelector=a%3Db%2Cc%21%3Dd&fieldSelector="
             "spec.nodeName%3Dn");
}

BOOST_FIXTURE_TEST_CASE(TheServersClockIsTold, Fixture) {
  clock.SetWall(TimePoint(std::chrono::seconds(1'606'039'200 - 3600)));  // An hour behind it.
  Say(Answer(ListOf({}, "10")));
  Refresh();
  BOOST_TEST(skew.value() == 3600.5);
  Say(Error{ErrorCode::kUnavailable, "gone"});
  Refresh();
  BOOST_TEST(!skew);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kubernetes
