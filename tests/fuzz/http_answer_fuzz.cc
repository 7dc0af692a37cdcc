// Any text is a path into a JSON document or refused, and any body can be judged. The first line is
// the path, the rest the body.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collectors/atlas/readiness.h"
#include "collectors/http/expectation.h"
#include "collectors/http/json_path.h"

using tocsin::HttpAnswer;
using tocsin::collectors::atlas::ReadReadiness;
using tocsin::collectors::http::Expectation;
using tocsin::collectors::http::FindFault;
using tocsin::collectors::http::JsonPath;
using tocsin::collectors::http::ParseJson;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\n'), size);
  const HttpAnswer answer{
      .status = 200, .headers = {}, .body = std::string(text.substr(std::min(end + 1, size)))};
  const auto document = ParseJson(answer.body);
  static_cast<void>(ReadReadiness(answer));
  Expectation expectation;
  if (const auto path = JsonPath::Parse(text.substr(0, end))) {
    if (document && !path->HasWildcard() && path->Find(*document).size() > 1) std::abort();
    expectation.json.push_back({.path = *path});
  }
  const auto fault = FindFault(answer, expectation, document ? &*document : nullptr);
  if (fault && fault->words.empty()) std::abort();
  return 0;
}
