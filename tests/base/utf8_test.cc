#include "base/utf8.h"

#include <utility>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(utf8_test)

BOOST_AUTO_TEST_CASE(WellFormedTextIsTaken) {
  for (const std::string_view text :
       {""sv, "a"sv, "\0"sv, "\x7f"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv,
        "\xed\x9f\xbf"sv, "\xee\x80\x80"sv, "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv,
        "\xf4\x8f\xbf\xbf"sv, "a\xc3\xa9z"sv}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(IsUtf8(text));
    }
  }
}

BOOST_AUTO_TEST_CASE(MalformedTextIsRefused) {
  const std::string_view rows[] = {
      "\x80"sv,              // A continuation without a beginning.
      "\xc2"sv,              // Cut off.
      "\xe2\x82"sv,          // Cut off.
      "\xf0\x9f\x98"sv,      // Cut off.
      "\xc2\x41"sv,          // A beginning without a continuation.
      "\xc0\x80"sv,          // Overlong.
      "\xc1\xbf"sv,          // Overlong.
      "\xe0\x9f\xbf"sv,      // Overlong.
      "\xf0\x8f\xbf\xbf"sv,  // Overlong.
      "\xed\xa0\x80"sv,      // The first surrogate.
      "\xed\xbf\xbf"sv,      // The last surrogate.
      "\xf4\x90\x80\x80"sv,  // After U+10FFFF.
      "\xf5\x80\x80\x80"sv,  // After U+10FFFF.
      "\xff"sv,
      "good\xff"sv,
  };
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    BOOST_TEST_CONTEXT("row " << i) {
      BOOST_TEST(!IsUtf8(rows[i]));
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsMalformedIsReplaced) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {""sv, ""sv},
      {"gr\u00fcn \U0001F600"sv, "gr\u00fcn \U0001F600"sv},
      {"j\xffk"sv, "j\uFFFDk"sv},
      {"\xe2\x82"sv, "\uFFFD\uFFFD"sv},  // Cut off.
      {"\xc3\x41"sv, "\uFFFD\x41"sv},    // What follows stays.
      {"\0"sv, "\0"sv},
  };
  for (const auto& [text, expected] : rows) {
    BOOST_TEST(ToUtf8(text) == expected);
    BOOST_TEST(IsUtf8(ToUtf8(text)));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
