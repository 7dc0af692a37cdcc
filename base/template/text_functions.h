// The functions on texts that the templates of rules and notifications share, and Prometheus' own
// set for rules.

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/labels.h"
#include "base/result.h"
#include "base/template/functions.h"

namespace tocsin::text_template {

/// Adds reReplaceAll, match, title, toUpper, toLower, stripPort, stripDomain, safeHtml,
/// urlQueryEscape and args.
/// Source: the documentation of Prometheus, "Template reference", and of Alertmanager.
void AddTextFunctions(Functions& functions);

/// `host:80` is "host"; what is no host with a port stays as it is.
std::string StripPort(std::string_view address);
/// `host.example.com:80` is "host:80"; IP addresses stay as they are.
std::string StripDomain(std::string_view address);
/// Each word with a capital at its beginning, the rest unchanged.
std::string Title(std::string_view text);

}  // namespace tocsin::text_template
