// Alerts and their changes as JSON, for what is kept on disk.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>

#include "rules/active_alert.h"
#include "rules/alert_event.h"

namespace tocsin {

/// Appends an alert as an object. docs/alert-state.md has its members; what is null or empty is
/// left out.
void AppendAlert(std::string& out, const ActiveAlert& alert);
/// The same with what has happened to it, as another member.
void AppendEvent(std::string& out, AlertEvent::Kind kind, const ActiveAlert& alert);

/// An array of such objects, that is read again. Its elements may be anything.
class AlertArray {
 public:
  /// Nothing if that is no JSON array.
  static std::optional<AlertArray> Parse(std::string_view text);

  std::size_t size() const { return elements_.size(); }
  /// Nothing if the element is not what AppendAlert() or AppendEvent() write.
  std::optional<ActiveAlert> AlertAt(std::size_t index) const;
  std::optional<AlertEvent::Kind> KindAt(std::size_t index) const;

 private:
  explicit AlertArray(boost::json::array elements) : elements_(std::move(elements)) {}
  boost::json::array elements_;
};

/// Whether the two are written as the same. Values that are not a number are equal.
bool IsSame(const ActiveAlert& a, const ActiveAlert& b);

}  // namespace tocsin
