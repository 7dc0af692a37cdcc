// Go's text/template: texts with {{ actions }} in them.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/template/functions.h"
#include "base/template/syntax.h"
#include "base/template/value.h"

namespace tocsin::text_template {

/// A variable that a text may use without declaring it, and the field of the data it stands for:
/// {"$labels", "Labels"}. Not visible inside `define`, as in Prometheus.
struct Prelude {
  std::string_view variable;
  std::string_view field;
};

/// The texts and values Prometheus gives the templates of a rule.
inline constexpr Prelude kRulePrelude[] = {
    {"$labels", "Labels"},
    {"$externalLabels", "ExternalLabels"},
    {"$externalURL", "ExternalURL"},
    {"$value", "Value"},
};

/// How much one execution may do. What goes beyond fails with kTooLarge.
struct Limits {
  std::size_t depth = 100;              ///< Of templates that call templates.
  std::size_t steps = 1'000'000;        ///< Commands, texts and repetitions; long texts count more.
  std::size_t output_bytes = 1U << 20;  ///< Of the result, and of each text on the way.
};

/// A template, parsed once and executed any number of times.
///
/// It has the whole language of Go's text/template, with a missing key of a map giving the map's
/// zero value, as Prometheus and Alertmanager set it. Differences: docs/templates.md.
/// Safe for concurrent use; a copy is cheap. Source: the documentation of Go's text/template.
class Template {
 public:
  struct Options {
    /// Constants: they live longer than the template.
    std::span<const Prelude> prelude = {};
    /// Its definitions can be called, and be replaced by definitions of the same name.
    const Template* library = nullptr;
  };

  /// Parses `text`. Every function it calls must be in `functions`, which is not kept. Fails with
  /// kInvalidInput and what Go says: `template: NAME:1: unexpected "}" in operand`; also if blocks
  /// or parentheses are nested more than 100 deep.
  static Result<Template> Parse(std::string_view name, std::string_view text,
                                const Functions& functions, const Options& options);
  static Result<Template> Parse(std::string_view name, std::string_view text,
                                const Functions& functions) {
    return Parse(name, text, functions, Options());
  }

  /// The text with its actions carried out on `data`, which is `.` and `$`. Fails with
  /// kInvalidInput and what Go says, `template: NAME:1:2: executing "NAME" at <first>: error
  /// calling first: ...`, or with kTooLarge.
  Result<std::string> Execute(const Value& data, const Functions& functions,
                              const Limits& limits = Limits()) const;

  /// Whether a template of this name can be called: it is defined, or is the text itself.
  bool Defines(std::string_view name) const { return definitions_.contains(name); }

 private:
  Template() = default;

  std::string name_;
  Definitions definitions_;
  std::span<const Prelude> prelude_;
};

}  // namespace tocsin::text_template
