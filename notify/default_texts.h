// The definitions that every text of a message may call.

#pragma once

#include <string_view>

namespace tocsin::notify {

/// In the language of Go's text/template, under the names that Alertmanager's have.
extern const std::string_view kDefaultTexts;

}  // namespace tocsin::notify
