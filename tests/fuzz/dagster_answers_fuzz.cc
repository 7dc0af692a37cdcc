// Whatever a webserver or an API server answers, reading it ends, and what is read can be
// published.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/http_client.h"
#include "base/http_date.h"
#include "base/utf8.h"
#include "collectors/dagster/graphql.h"
#include "collectors/dagster/json_answer.h"
#include "collectors/dagster/leader.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckFacts(const tocsin::collectors::dagster::GraphqlFacts& facts) {
  if (facts.instigators) {
    for (const auto& instigator : *facts.instigators) {
      Check(!instigator.name.empty() && !instigator.location.empty());
      Check(tocsin::IsUtf8(instigator.name) && tocsin::IsUtf8(instigator.location));
    }
  }
  if (facts.load_failed) {
    for (const auto& [location, failed] : *facts.load_failed) Check(tocsin::IsUtf8(location));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tocsin::HttpAnswer answer;
  answer.status = 200;
  answer.body.assign(reinterpret_cast<const char*>(data), size);
  const auto object = tocsin::collectors::dagster::JsonObjectOf(answer);
  if (object) {
    CheckFacts(tocsin::collectors::dagster::ParseGraphql(*object));
    const auto lease = tocsin::collectors::dagster::ParseLease(*object);
    if (lease) Check(tocsin::IsUtf8(lease->holder));
  }
  (void)tocsin::ParseHttpDate(answer.body);
  return 0;
}
