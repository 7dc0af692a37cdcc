// Names and texts as JSON, for what is kept on disk.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/labels.h"
#include "rules/rule_file.h"

namespace tocsin {

/// A JSON object of strings without white space: {"a":"b"}. Bytes are kept as they are, except that
/// quotes, backslashes and control characters are escaped.
std::string ToTextObject(const Labels& labels);
std::string ToTextObject(const TextMap& texts);

/// What ToTextObject() has written; nothing for anything else.
std::optional<TextMap> ParseTextObject(std::string_view json);
std::optional<Labels> ParseLabelsObject(std::string_view json);

}  // namespace tocsin
