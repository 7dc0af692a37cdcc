#include "exporter/junit.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

namespace tocsin {
namespace {

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\n': escaped += "&#10;"; break;
      case '\t': escaped += "&#9;"; break;
      default:
        if (static_cast<unsigned char>(c) >= ' ') escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string ToJUnit(const std::vector<JUnitSuite>& suites) {
  std::string xml = "<testsuites>\n";
  for (const JUnitSuite& suite : suites) {
    const auto failed = std::ranges::count_if(
        suite.cases, [](const JUnitCase& each) { return !each.failures.empty(); });
    xml += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
                       Escaped(suite.name), suite.cases.size(), failed);
    for (const JUnitCase& each : suite.cases) {
      xml += fmt::format("    <testcase name=\"{}\" time=\"{:.3f}\">\n", Escaped(each.name),
                         each.seconds);
      for (const std::string& failure : each.failures) {
        xml += fmt::format("      <failure message=\"{}\"></failure>\n", Escaped(failure));
      }
      xml += "    </testcase>\n";
    }
    xml += "  </testsuite>\n";
  }
  return xml + "</testsuites>\n";
}

}  // namespace tocsin
