// Any text is a template or refused with a reason; carried out within narrow limits it gives a text
// or a reason, and the same one every time.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/template/rule_functions.h"
#include "base/template/template.h"

using tocsin::Duration;
using tocsin::Labels;
using tocsin::Result;
using tocsin::TimePoint;
using tocsin::text_template::Functions;
using tocsin::text_template::kRulePrelude;
using tocsin::text_template::Limits;
using tocsin::text_template::RuleContext;
using tocsin::text_template::RuleFunctions;
using tocsin::text_template::Sample;
using tocsin::text_template::Template;
using tocsin::text_template::Value;

namespace {

constexpr Limits kLimits = {.depth = 20, .steps = 2'000, .output_bytes = 10'000};

Result<Value> Answer(const std::string& expression) {
  if (expression.empty()) return Value::OfList({});
  return Value::OfList({Sample(Labels{{"job", expression}}, 2), Sample(Labels{{"job", "a"}}, 1)});
}

Value Data() {
  return Value::OfRecord({{"Labels", Value::OfLabels(Labels{{"instance", "a.b:80"}})},
                          {"ExternalLabels", Value::OfLabels(Labels{})},
                          {"ExternalURL", "http://a/b"},
                          {"Value", 0.5},
                          {"List", Value::OfList({1, "a", Value()})},
                          {"Time", TimePoint(Duration(1))},
                          {"Duration", std::chrono::nanoseconds(5)}});
}

std::string Outcome(const Template& parsed, const Functions& functions) {
  const Result<std::string> text = parsed.Execute(Data(), functions, kLimits);
  if (!text && text.error().message.empty()) std::abort();
  if (text && text->size() > kLimits.output_bytes) std::abort();
  return text ? *text : text.error().message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Functions kFunctions =
      RuleFunctions(RuleContext{.now = TimePoint(), .external_url = "http://a/b", .query = Answer});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Template::Options options;
  options.prelude = kRulePrelude;
  const auto parsed = Template::Parse("fuzz", text, kFunctions, options);
  if (!parsed) {
    if (!parsed.error().message.starts_with("template: fuzz:")) std::abort();
    return 0;
  }
  if (Outcome(*parsed, kFunctions) != Outcome(*parsed, kFunctions)) std::abort();
  return 0;
}
