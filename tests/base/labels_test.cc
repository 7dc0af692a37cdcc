#include "base/labels.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

BOOST_AUTO_TEST_SUITE(labels_test)

BOOST_AUTO_TEST_CASE(EqualTextsAreOneSymbol) {
  const std::size_t before = Symbol::Count();
  {
    const Symbol a("some text");
    const Symbol b(std::string("some ") + "text");
    const Symbol c("other");
    BOOST_TEST((a == b));
    BOOST_TEST((a != c));
    BOOST_TEST((c < a));
    BOOST_TEST(a.text() == "some text");
    BOOST_TEST(Symbol::Count() == before + 2);
  }
  BOOST_TEST(Symbol::Count() == before);
  BOOST_TEST((Symbol("") == Symbol()));
  BOOST_TEST(Symbol().text().empty());
}

BOOST_AUTO_TEST_CASE(SymbolsAreFoundWhileOthersComeAndGo) {
  const std::size_t before = Symbol::Count();
  {
    std::mt19937 random(1);
    std::map<std::string, Symbol> held;
    for (const std::size_t most : {20'000U, 10U, 3000U}) {  // The table grows, shrinks and grows.
      for (int i = 0; i < 60'000; ++i) {
        const std::string text = "text " + std::to_string(random() % most);
        const auto found = held.find(text);
        if (found == held.end()) {
          held.emplace(text, Symbol(text));
          continue;
        }
        BOOST_TEST_REQUIRE((Symbol(text) == found->second));
        BOOST_TEST_REQUIRE(found->second.text() == text);
        held.erase(found);
      }
      BOOST_TEST(Symbol::Count() == before + held.size());
      for (const auto& [text, symbol] : held) BOOST_TEST_REQUIRE((Symbol(text) == symbol));
      while (held.size() > most / 2) held.erase(held.begin());
      for (const auto& [text, symbol] : held) BOOST_TEST_REQUIRE((Symbol(text) == symbol));
    }
  }
  BOOST_TEST(Symbol::Count() == before);
}

BOOST_AUTO_TEST_CASE(SymbolsMayComeAndGoInSeveralThreads) {
  const std::size_t before = Symbol::Count();
  std::atomic<bool> equal = true;
  std::array<std::thread, 4> threads;
  for (std::thread& thread : threads) {
    thread = std::thread([&equal] {
      for (int i = 0; i < 20000; ++i) {
        const std::string text = std::to_string(i % 7);
        const Symbol a(text);
        if (Symbol(text) != a || a.text() != text) equal = false;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(equal.load());
  BOOST_TEST(Symbol::Count() == before);
}

BOOST_AUTO_TEST_CASE(ASetIsSortedAndHasNoEmptyValues) {
  const Labels labels = {{"b", "2"}, {"a", "1"}, {"c", ""}, {"a", "3"}};
  BOOST_TEST(labels.size() == 2U);
  BOOST_TEST(labels.begin()->name.text() == "a");
  BOOST_TEST(labels.Get("a") == "3");
  BOOST_TEST(labels.Get("c") == "");
  BOOST_TEST(!labels.Has("c"));
  BOOST_TEST((labels.Get(Symbol("b")) == Symbol("2")));
  BOOST_TEST((Labels{} == Labels{{"x", ""}}));
  BOOST_TEST(Labels{}.empty());
}

BOOST_AUTO_TEST_CASE(EqualityAndHashGoByContent) {
  const Labels a = {{"job", "x"}, {"instance", "y"}};
  const Labels b = {{"instance", "y"}, {"job", "x"}};
  const Labels copy = a;
  BOOST_TEST((a == b));
  BOOST_TEST((a == copy));
  BOOST_TEST(a.hash() == b.hash());
  BOOST_TEST((a != Labels{{"job", "x"}}));
  BOOST_TEST((a != Labels{{"job", "y"}, {"instance", "x"}}));
}

BOOST_AUTO_TEST_CASE(OrderIsLabelByLabel) {
  const std::vector<Labels> sorted = {
      {}, {{"a", "1"}}, {{"a", "1"}, {"b", "1"}}, {{"a", "10"}}, {{"a", "2"}}, {{"b", "0"}},
  };
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      BOOST_TEST((sorted[i] < sorted[j]) == (i < j));
    }
  }
}

BOOST_AUTO_TEST_CASE(ABuilderStartsFromAnotherSet) {
  const Labels base = {{"__name__", "up"}, {"job", "a"}, {"zone", "z"}};
  const std::array<Symbol, 2> names = {Symbol("job"), Symbol("missing")};
  BOOST_TEST((LabelsBuilder(base).Keep(names).Build() == Labels{{"job", "a"}}));
  BOOST_TEST(
      (LabelsBuilder(base).Remove(names).Build() == Labels{{"__name__", "up"}, {"zone", "z"}}));
  BOOST_TEST((LabelsBuilder(base).Set("job", "").Set("b", "c").Remove("zone").Build() ==
              Labels{{"__name__", "up"}, {"b", "c"}}));
  BOOST_TEST((base.WithoutName() == Labels{{"job", "a"}, {"zone", "z"}}));
  BOOST_TEST((base.WithoutName().WithoutName() == base.WithoutName()));
}

BOOST_AUTO_TEST_CASE(PrintsAsPrometheus) {
  const std::pair<Labels, std::string_view> cases[] = {
      {{}, "{}"},
      {{{"__name__", "up"}}, "up"},
      {{{"__name__", "a:b"}, {"job", "x"}, {"az", "1"}}, R"(a:b{az="1", job="x"})"},
      {{{"job", "x"}}, R"({job="x"})"},
      {{{"__name__", "a.b"}}, R"({"a.b"})"},
      {{{"__name__", "a.b"}, {"c", "d"}}, R"({"a.b", c="d"})"},
      {{{"a.b", "c"}, {"a:b", "d"}}, R"({"a.b"="c", "a:b"="d"})"},
      {{{"a", "x\"\\\n\t\x01é\u200b"}}, R"({a="x\"\\\n\t\x01é\u200b"})"},
      {{{"a", "\xff"}}, R"({a="\xff"})"},
  };
  for (const auto& [labels, text] : cases) BOOST_TEST(labels.ToString() == text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
