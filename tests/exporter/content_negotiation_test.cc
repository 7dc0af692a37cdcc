#include "exporter/content_negotiation.h"

#include <ostream>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

constexpr std::string_view kText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kOpenMetrics =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";
constexpr std::string_view kOpenMetricsUtf8 =
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8";

struct FormatCase {
  std::string_view name;
  std::string_view accept;
  std::string_view content_type;
};

constexpr FormatCase kFormatCases[] = {
    {"no header", "", kText},
    {"anything", "*/*", kText},
    {"Prometheus 3",
     "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
     "application/openmetrics-text;version=0.0.1;q=0.5,text/"
     "plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
     "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
     kOpenMetricsUtf8},
    {"Prometheus 3 with text first",
     "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,"
     "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.4,"
     "application/openmetrics-text;version=0.0.1;q=0.3,*/*;q=0.2",
     kText},
    {"Prometheus 2.42",
     "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     kOpenMetrics},
    {"protobuf before the rest",
     "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
     "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5",
     kOpenMetrics},
    {"the order counts between equals", "text/plain, application/openmetrics-text", kText},
    {"and the other way round", "application/openmetrics-text, text/plain", kOpenMetrics},
    {"quality counts more than order", "text/plain;q=0.1, application/openmetrics-text;q=0.9",
     kOpenMetrics},
    {"any escaping scheme", "application/openmetrics-text;version=1.0.0;escaping=underscores",
     "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"},
    {"also for text", "text/plain;version=0.0.4;escaping=values",
     "text/plain; version=0.0.4; charset=utf-8; escaping=values"},
    {"unknown escaping scheme", "application/openmetrics-text;escaping=evil", kOpenMetrics},
    {"quoted parameters", R"(application/openmetrics-text; version="1.0.0"; q="0.5")",
     kOpenMetrics},
    {"a comma inside quotes", R"(foo/bar;a="x,application/openmetrics-text",text/plain)", kText},
    {"any case", "Application/OpenMetrics-Text;Version=1.0.0;Q=1", kOpenMetrics},
    {"blanks", " application/openmetrics-text ; version=1.0.0 ; q=0.5 , text/plain ; q=0.2 ",
     kOpenMetrics},
    {"another version only", "application/openmetrics-text;version=2.0.0", kText},
    {"text by its family", "text/*", kText},
    {"application by its family", "application/*", kOpenMetrics},
    {"a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", kText},
    {"nothing we have", "image/png", kText},
    {"quality zero", "application/openmetrics-text;q=0", kText},
    {"text forbidden, anything else welcome", "text/plain;q=0, */*", kOpenMetrics},
    {"everything forbidden", "*/*;q=0", kText},
    {"quality that is none", "application/openmetrics-text;q=nan, text/plain;q=0.1", kText},
    {"only separators", ",;,;=,", kText},
    {"an open quote", R"(application/openmetrics-text;version="1.0.0)", kText},
};

struct EncodingCase {
  std::string_view accept_encoding;
  std::string_view chosen;
};

constexpr EncodingCase kEncodingCases[] = {
    {"", ""},
    {"gzip", "gzip"},
    {"zstd", "zstd"},
    {"GZIP", "gzip"},
    {"x-gzip", "gzip"},
    {"identity", ""},
    {"gzip;q=0", ""},
    {"gzip;q=0.0, zstd;q=0", ""},
    {"gzip, deflate, br, zstd", "zstd"},
    {"gzip;q=1.0, zstd;q=0.5", "gzip"},
    {"gzip;q=0.5, identity;q=0.9", ""},
    {"gzip;q=0.5, identity;q=0.5", "gzip"},
    {"br", ""},
    {"*", "gzip"},
    {"*;q=0", ""},
    {"gzip;q=0, *", ""},
    {"identity;q=0", ""},
    {"gzip;q=x", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(content_negotiation_test)

BOOST_AUTO_TEST_CASE(ChoosesTheFormat) {
  for (const FormatCase& row : kFormatCases) {
    BOOST_TEST_CONTEXT(row.name) {
      const NegotiatedFormat chosen = NegotiateFormat(row.accept);
      BOOST_TEST(chosen.content_type == row.content_type);
      BOOST_TEST((chosen.format == ExpositionFormat::kOpenMetrics) ==
                 row.content_type.starts_with("application/"));
    }
  }
}

BOOST_AUTO_TEST_CASE(ChoosesTheEncoding) {
  for (const EncodingCase& row : kEncodingCases) {
    BOOST_TEST_CONTEXT(row.accept_encoding) {
      BOOST_TEST(Name(NegotiateEncoding(row.accept_encoding)) == row.chosen);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
