// A YAML value whose texts are templates, which becomes JSON.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "base/yaml.h"
#include "notify/message_templates.h"
#include "notify/receivers/text_options.h"

namespace tocsin::notify {

/// A tree of an option such as `payload`, parsed once. Immutable.
///
/// Numbers, booleans and null of YAML stay what they are. A text with actions whose result is a
/// JSON number, boolean, null, object or array becomes that, as `{{ len .Alerts }}` or
/// `{{ toJson .CommonLabels }}`; all else becomes a JSON string.
class TemplatedTree {
 public:
  TemplatedTree() = default;
  /// Mistakes are reported at their places.
  TemplatedTree(const YamlNode& node, const MessageTemplates& templates, Diagnostics& diagnostics);

  bool is_set() const { return kind_ != Kind::kNotSet; }
  void AppendJson(JsonWriter& json, TextExpander& texts) const;
  /// Of a map.
  const std::vector<std::pair<std::string, TemplatedTree>>& entries() const { return entries_; }

 private:
  enum class Kind { kNotSet, kConstant, kText, kList, kMap };

  Kind kind_ = Kind::kNotSet;
  std::string constant_;  ///< JSON.
  MessageText text_;
  std::vector<TemplatedTree> items_;
  std::vector<std::pair<std::string, TemplatedTree>> entries_;
};

}  // namespace tocsin::notify
