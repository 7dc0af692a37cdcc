#include "base/template/template.h"

#include <utility>
#include <vector>

#include "base/template/execution.h"
#include "base/template/parser.h"

namespace tocsin::text_template {

Result<Template> Template::Parse(std::string_view name, std::string_view text,
                                 const Functions& functions, const Options& options) {
  Template result;
  result.name_ = name;
  result.prelude_ = options.prelude;
  if (options.library != nullptr) result.definitions_ = options.library->definitions_;
  std::vector<std::string> variables;
  for (const Prelude& prelude : options.prelude) variables.emplace_back(prelude.variable);
  const Status parsed = ParseInto(result.definitions_, name,
                                  std::make_shared<const std::string>(text), functions, variables);
  if (!parsed) return parsed.error();
  return result;
}

Result<std::string> Template::Execute(const Value& data, const Functions& functions,
                                      const Limits& limits) const {
  const auto root = definitions_.find(name_);
  return Execution(definitions_, functions, limits).Run(*root->second, data, prelude_);
}

}  // namespace tocsin::text_template
