// Names and texts as JSON, for what is kept on disk.

#pragma once

#include <string>

#include "base/labels.h"
#include "rules/rule_file.h"

namespace tocsin {

/// Appends a JSON object of strings without white space: {"a":"b"}. Bytes are kept as they are,
/// also those that are no UTF-8, except that quotes, backslashes and control characters are
/// escaped.
void AppendTextObject(std::string& out, const Labels& labels);
void AppendTextObject(std::string& out, const TextMap& texts);

/// Appends what makes `to` of `from`, as a JSON merge patch: null takes a label away. Source: RFC
/// 7396.
void AppendTextPatch(std::string& out, const Labels& from, const Labels& to);

std::string ToTextObject(const TextMap& texts);

}  // namespace tocsin
