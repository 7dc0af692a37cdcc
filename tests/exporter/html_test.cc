#include "exporter/html.h"

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

BOOST_AUTO_TEST_SUITE(html_test)

BOOST_AUTO_TEST_CASE(TextIsEscaped) {
  BOOST_TEST(Html().Text("<a href=\"x\" id='y'>&</a>").Take() ==
             "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
}

BOOST_AUTO_TEST_CASE(OnlyWebAddressesBecomeLinks) {
  const struct {
    std::string_view url;
    std::string_view expected;
  } rows[] = {
      {"https://a/?b=c&d", "<a href=\"https://a/?b=c&amp;d\">x</a>"},
      {"http://a", "<a href=\"http://a\">x</a>"},
      {"../silences/new?filter=a:b", "<a href=\"../silences/new?filter=a:b\">x</a>"},
      {"\"><script>", "<a href=\"&quot;&gt;&lt;script&gt;\">x</a>"},
      {"javascript:alert(1)", "x"},
      {"JavaScript:alert(1)", "x"},
      {"data:text/html,x", "x"},
      {" javascript:alert(1)", "x"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.url) {
      BOOST_TEST(Html().Link(row.url, "x").Take() == row.expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(PagesMayLoadNothingButTheirStyle) {
  const HttpResponse plain = HtmlResponse(200, "");
  BOOST_TEST(plain.headers.at(0).second ==
             "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'");
  const HttpResponse form = HtmlResponse(200, "", /*has_form=*/true);
  BOOST_TEST(form.headers.at(0).second.find("form-action 'self'") != std::string::npos);
  BOOST_TEST(form.headers.at(1).second == "same-origin");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
