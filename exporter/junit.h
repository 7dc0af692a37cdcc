// Outcomes of tests in JUnit's XML, which build servers read.

#pragma once

#include <string>
#include <vector>

namespace tocsin {

struct JUnitCase {
  std::string name;
  std::vector<std::string> failures;  ///< None: it passed.
  double seconds = 0;
};

struct JUnitSuite {
  std::string name;
  std::vector<JUnitCase> cases;
};

/// A whole document. Characters that XML cannot hold are left out.
std::string ToJUnit(const std::vector<JUnitSuite>& suites);

}  // namespace tocsin
