#include "exporter/html.h"

#include <utility>

namespace tocsin {

Html& Html::Text(std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out_ += "&amp;"; break;
      case '<': out_ += "&lt;"; break;
      case '>': out_ += "&gt;"; break;
      case '"': out_ += "&quot;"; break;
      case '\'': out_ += "&#39;"; break;
      default: out_ += c;
    }
  }
  return *this;
}

Html& Html::Link(std::string_view url, std::string_view text) {
  const std::size_t colon = url.find(':');
  const bool is_relative = colon == std::string_view::npos || colon > url.find_first_of("/?#");
  if (!is_relative && !url.starts_with("http://") && !url.starts_with("https://")) {
    return Text(text);
  }
  return Markup("<a href=\"").Text(url).Markup("\">").Text(text).Markup("</a>");
}

Html BeginPage(std::string_view title, std::string_view root) {
  Html html;
  html.Markup(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
  html.Text(title).Markup("</title>\n<link rel=\"stylesheet\" href=\"").Text(root);
  html.Markup("style.css\">\n</head>\n<body>\n<main>\n");
  return html;
}

std::string EndPage(Html html) {
  return html.Markup("</main>\n</body>\n</html>\n").Take();
}

HttpResponse HtmlResponse(int status, std::string page, bool has_form) {
  HttpResponse response = HttpResponse::Text(status, std::move(page));
  response.content_type = "text/html; charset=utf-8";
  const std::string form_action = has_form ? "'self'" : "'none'";
  response.headers = {{"Content-Security-Policy",
                       "default-src 'none'; style-src 'self'; base-uri 'none'; form-action " +
                           form_action + "; frame-ancestors 'none'"},
                      // Without any referrer browsers would not say either which page sends a form.
                      {"Referrer-Policy", has_form ? "same-origin" : "no-referrer"},
                      {"Cache-Control", "no-store"}};
  return response;
}

}  // namespace tocsin
