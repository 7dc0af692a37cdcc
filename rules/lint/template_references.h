// What a template of an alerting rule refers to.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::lint {

/// One mention of something in a template.
struct TemplateReference {
  enum class Kind {
    kLabel,  ///< `$labels.job`; `text` is the label's name.
    kValue,  ///< `$value`, printed; not one that only decides what is printed.
    kQuery,  ///< `query "up"`; `text` is the expression.
  };
  Kind kind = Kind::kLabel;
  std::string text;
  std::size_t offset = 0;  ///< Within the template.
};

/// The references of `text`, in order. None if it is no template, or if it gives `$labels` or
/// `$value` another meaning.
std::vector<TemplateReference> TemplateReferences(std::string_view text);

}  // namespace tocsin::lint
