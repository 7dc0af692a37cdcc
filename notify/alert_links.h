// Where more can be read of an alert.

#pragma once

#include <string>
#include <string_view>

#include "notify/notification.h"

namespace tocsin::notify {

/// The alert's page: "https://tocsin.example.org/alerts/0123456789abcdef". Empty without an
/// external URL, which has no slash at its end.
std::string AlertUrl(std::string_view external_url, const NotifiedAlert& alert);

/// The page that makes a silence, filled in with all labels of the alert. Empty without an external
/// URL.
std::string SilenceUrl(std::string_view external_url, const NotifiedAlert& alert);

/// The annotation `runbook_url`, if it is an http or https URL; else empty.
std::string RunbookUrl(const NotifiedAlert& alert);

/// An annotation, or the empty text.
std::string_view AnnotationOf(const NotifiedAlert& alert, std::string_view name);

/// The value as people read it: "1.235k"; empty if there is none.
std::string ValueText(const NotifiedAlert& alert);

}  // namespace tocsin::notify
