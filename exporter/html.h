// Pages without scripts.

#pragma once

#include <string>
#include <string_view>

#include "exporter/http_message.h"

namespace tocsin {

/// Text on its way into a page. What is not written by Markup() is escaped, also for the value of
/// an attribute in double quotes.
class Html {
 public:
  Html& Markup(std::string_view markup) {
    out_ += markup;
    return *this;
  }
  Html& Text(std::string_view text);
  /// A link; just the text if `url` is neither http, https nor relative, as a script would be.
  Html& Link(std::string_view url, std::string_view text);

  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Begins a page, up to and with `<main>`. `root` is the way back to "/": "" or "../".
Html BeginPage(std::string_view title, std::string_view root);
std::string EndPage(Html html);

/// A page as an answer, which may load the style sheet and nothing else, and be framed by nobody.
/// With `has_form` it may send forms, to this server only.
HttpResponse HtmlResponse(int status, std::string page, bool has_form = false);

}  // namespace tocsin
