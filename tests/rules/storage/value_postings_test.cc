#include "rules/storage/value_postings.h"

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

constexpr std::uint32_t kNone = HashPlaces::kNone;
using Model = std::map<std::string, std::vector<std::uint32_t>>;

/// Gives each of `count` places one of `texts` values.
Model Fill(ValuePostings& values, std::uint32_t count, unsigned texts) {
  Model model;
  std::mt19937 random(1);
  for (std::uint32_t place = 0; place < count; ++place) {
    const std::string text = "value" + std::to_string(random() % texts);
    const auto [number, is_new] = values.FindOrAdd(Symbol(text));
    BOOST_TEST_REQUIRE(is_new == !model.contains(text));
    values.at(number).postings.Add(place);
    model[text].push_back(place);
  }
  return model;
}

void CheckSame(const ValuePostings& values, const Model& model) {
  BOOST_TEST_REQUIRE(values.size() == model.size());
  for (const auto& [text, places] : model) {
    const Postings* const found = values.Find(Symbol(text));
    BOOST_TEST_REQUIRE((found != nullptr), text);
    BOOST_TEST(found->all() == places, boost::test_tools::per_element());
  }
  BOOST_TEST((values.Find(Symbol("nobody's")) == nullptr));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(value_postings_test)

BOOST_AUTO_TEST_CASE(EachValueHasItsPlaces) {
  ValuePostings values;
  BOOST_TEST((values.Find(Symbol("nobody's")) == nullptr));
  CheckSame(values, Fill(values, 20'000, 5000));
}

BOOST_AUTO_TEST_CASE(ValuesThatFollowOthersAreFound) {
  ValuePostings values;
  Model model;
  std::mt19937 random(3);
  std::uint32_t previous = kNone;
  for (std::uint32_t place = 0; place < 5000; ++place) {
    // Around and around, now and then somewhere else.
    const std::string text = std::to_string(random() % 10 == 0 ? random() % 1000 : place % 20);
    const auto [number, is_new] = previous == kNone ? values.FindOrAdd(Symbol(text))
                                                    : values.FindOrAddAfter(previous, Symbol(text));
    BOOST_TEST_REQUIRE(is_new == !model.contains(text));
    values.at(number).postings.Add(place);
    model[text].push_back(place);
    previous = number;
  }
  CheckSame(values, model);
  // All but one value go, and with them what followed what.
  std::vector<std::uint32_t> places(5000, kNone);
  std::uint32_t next = 0;
  for (const std::uint32_t place : model["7"]) places[place] = next++;
  values.Renumber(places, kNone);
  const std::uint32_t seven = values.FindOrAdd(Symbol("7")).first;
  BOOST_TEST(values.FindOrAddAfter(seven, Symbol("8")).second);
  BOOST_TEST(!values.FindOrAddAfter(seven, Symbol("8")).second);
  BOOST_TEST(values.size() == 2U);
}

BOOST_AUTO_TEST_CASE(WhatNobodyHasAnyMoreIsGone) {
  ValuePostings values;
  const Model before = Fill(values, 3000, 2000);
  for (const unsigned kept_of_ten : {10U, 4U, 0U}) {
    ValuePostings left;
    Fill(left, 3000, 2000);
    std::mt19937 random(2);
    std::vector<std::uint32_t> places(3000, kNone);
    std::uint32_t next = 0;
    for (std::uint32_t& place : places) {
      if (random() % 10 < kept_of_ten) place = next++;
    }
    Model model;
    for (const auto& [text, old] : before) {
      for (const std::uint32_t place : old) {
        if (places[place] != kNone) model[text].push_back(places[place]);
      }
    }
    left.Renumber(places, kNone);
    CheckSame(left, model);
    // What is new comes behind what was kept.
    const auto [number, is_new] = left.FindOrAdd(Symbol("another"));
    BOOST_TEST(is_new);
    BOOST_TEST(number == model.size());
  }
}

// Hashes of which the halves that the table keeps are the same, at its end, so that searches go on
// at its beginning.
BOOST_AUTO_TEST_CASE(PlacesOfOneHashAreToldApart) {
  HashPlaces places;
  constexpr std::uint64_t kHash = 0xabcd'ffff'ffff;
  for (std::uint32_t place = 0; place < 100; ++place) places.Add(kHash, place);
  for (std::uint32_t wanted = 0; wanted < 100; ++wanted) {
    const auto is_wanted = [&](std::uint32_t place) { return place == wanted; };
    BOOST_TEST(places.Find(kHash, is_wanted) == wanted);
    BOOST_TEST(places.Find(kHash - 1, is_wanted) == kNone);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
