// Where something stands in a JSON document.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>

#include "base/result.h"

namespace tocsin::collectors::http {

/// The way from the top of a document to a value: names of members, and numbers of items counted
/// from 0, with dots between them ("checks.database", "items.0.name"). A path that begins with a
/// slash has slashes between them instead ("/app.kubernetes.io/name"). "*" as the last step means
/// all members of an object. Immutable.
class JsonPath {
 public:
  /// A value that was found, and its name: the path, or the member's for "*". Views into the path
  /// and the document.
  using Found = std::pair<std::string_view, const boost::json::value*>;

  /// The document itself.
  JsonPath() = default;
  /// Fails with kInvalidInput for an empty path or step, and for a "*" that is not the last.
  static Result<JsonPath> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  bool HasWildcard() const { return has_wildcard_; }

  /// What is there; empty if there is nothing. Never more than one without a wildcard.
  std::vector<Found> Find(const boost::json::value& document) const;

 private:
  std::string text_;
  std::vector<std::string> steps_;  // Without the wildcard.
  bool has_wildcard_ = false;
};

}  // namespace tocsin::collectors::http
