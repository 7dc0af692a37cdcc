// Whatever a rule file holds, reading it ends: in groups that print well and can be looked at by
// the linter, or in at least one mistake with a place in the file.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "rules/lint/lint.h"
#include "rules/rule_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const tocsin::RuleFileOptions options{.ignore_unknown_fields = false, .experimental = true};
  tocsin::Diagnostics diagnostics("fuzz");
  std::vector<std::string> warnings;
  tocsin::lint::File file{"fuzz", std::string(text), {}};
  file.groups = tocsin::ParseRuleFile(text, "fuzz", options, diagnostics, warnings);
  if (!diagnostics.empty()) return diagnostics.Text().starts_with("fuzz:") ? 0 : (std::abort(), 0);
  tocsin::lint::Options lint;
  lint.file = options;
  for (const tocsin::lint::Finding& finding : tocsin::lint::Lint({file}, lint)) {
    if (finding.place.line < 1 || finding.place.column < 1) std::abort();
  }
  return 0;
}
