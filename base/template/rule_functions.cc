#include "base/template/rule_functions.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "base/template/builtins.h"
#include "base/template/humanize.h"
#include "base/template/text_functions.h"

namespace tocsin::text_template {
namespace {

/// The label that holds the text of a query whose result is a text.
constexpr std::string_view kTextLabel = "__value__";

constexpr Type kSample = {"*template.sample"};
constexpr Type kSamples = {"template.queryResult"};

Error Invalid(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

std::string LabelOf(const Value& sample, std::string_view name) {
  const Value* const labels = sample.kind() == Kind::kRecord ? sample.Find("Labels") : nullptr;
  if (labels == nullptr || labels->kind() != Kind::kMap) return {};
  const Value value = labels->GetOrZero(name);
  return value.kind() == Kind::kString ? value.text() : std::string();
}

Result<Value> First(Arguments arguments) {
  if (arguments[0].size() > 0) return arguments[0].items()[0];
  return Invalid("first() called on vector with no elements");
}

Result<Value> LabelFunction(Arguments arguments) {
  return Value(LabelOf(arguments[1], arguments[0].text()));
}

Result<Value> ValueFunction(Arguments arguments) {
  const Value* const value = arguments[0].Find("Value");
  if (value == nullptr) return Invalid("value() called on what is no sample");
  return *value;
}

Result<Value> TextValue(Arguments arguments) {
  return Value(LabelOf(arguments[0], kTextLabel));
}

Result<Value> SortByLabel(Arguments arguments) {
  const std::string& label = arguments[0].text();
  std::vector<std::pair<std::string, const Value*>> keyed;
  for (const Value& sample : arguments[1].items()) {
    keyed.emplace_back(LabelOf(sample, label), &sample);
  }
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Value::List sorted;
  sorted.reserve(keyed.size());
  for (const auto& [key, sample] : keyed) sorted.push_back(*sample);
  return Value::OfList(std::move(sorted), kSamples);
}

/// A link to Prometheus' page for an expression, below the external URL.
Function Link(std::string_view tab) {
  return {{Kind::kString}, false, [tab](Arguments arguments) -> Result<Value> {
            return Value("/graph?g0.expr=" + QueryEscaped(arguments[0].text()) +
                         "&g0.tab=" + std::string(tab));
          }};
}

/// The path of a URL, without what follows it.
std::string PathOf(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  url.remove_prefix(std::min(url.find_first_of("/?#"), url.size()));
  return std::string(url.substr(0, url.find_first_of("?#")));
}

Functions MakeCommonFunctions() {
  Functions functions;
  AddTextFunctions(functions);
  AddHumanizeFunctions(functions);
  functions.Add("first", {{Kind::kList}, false, First})
      .Add("graphLink", Link("0"))
      .Add("label", {{Kind::kString, Kind::kRecord}, false, LabelFunction})
      .Add("sortByLabel", {{Kind::kString, Kind::kList}, false, SortByLabel})
      .Add("strvalue", {{Kind::kRecord}, false, TextValue})
      .Add("tableLink", Link("1"))
      .Add("value", {{Kind::kRecord}, false, ValueFunction});
  return functions;
}

}  // namespace

Value Sample(const Labels& labels, double value) {
  return Value::OfRecord({{"Labels", Value::OfLabels(labels)}, {"Value", Value(value)}}, kSample);
}

const Functions& CommonFunctions() {
  static const Functions kFunctions = MakeCommonFunctions();
  return kFunctions;
}

Functions RuleFunctions(RuleContext context) {
  const auto shared = std::make_shared<const RuleContext>(std::move(context));
  Functions functions(&CommonFunctions());
  functions
      .Add(
          "externalURL",
          {{}, false, [shared](Arguments) -> Result<Value> { return Value(shared->external_url); }})
      .Add("now",
           {{},
            false,
            [shared](Arguments) -> Result<Value> { return Value(UnixSeconds(shared->now)); }})
      .Add("pathPrefix",
           {{},
            false,
            [shared](Arguments) -> Result<Value> { return Value(PathOf(shared->external_url)); }})
      .Add("query", {{Kind::kString}, false, [shared](Arguments arguments) -> Result<Value> {
                       if (shared->query) return shared->query(arguments[0].text());
                       return Invalid("queries are not possible here");
                     }});
  return functions;
}

}  // namespace tocsin::text_template
