#include "exporter/web_page.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/template/builtins.h"
#include "exporter/html.h"
#include "exporter/runbooks.h"
#include "exporter/static_file.h"
#include "exporter/web_assets.h"

namespace tocsin {
namespace {

constexpr std::string_view kDocument = "index.html";
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// One address of the page, and where its like without scripts is, seen from "/": what stands
/// between `plain` and `plain_end` is what stands for the `*` of the path.
struct Address {
  std::string_view path;
  std::string_view plain;
  std::string_view plain_end = {};
};

constexpr Address kAddresses[] = {
    {"/", "plain/"},
    {"/alerts", "plain/"},
    {"/alerts/*", "plain/alerts/"},
    {"/rules", "plain/"},
    {"/explore", "plain/"},
    {"/graph", "plain/"},
    {"/collectors", "plain/"},
    {"/silences", "plain/"},
    {"/silences/new", "plain/silences/new"},
    {"/silences/*", "plain/silences/"},
    {"/status", "plain/"},
};

constexpr std::string_view kMarkdown = ".md";
constexpr Address kRunbook = {"/runbooks/*", "runbooks/", kMarkdown};

std::string_view ContentTypeOf(std::string_view name) {
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  return "text/plain; charset=utf-8";
}

void Replace(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

HttpResponse Show(std::string_view document, const Address& address, const HttpRequest& request) {
  // Below another slash the document would look for its files where they are not.
  if (request.parameter.find('/') != std::string::npos) {
    return HttpResponse::Text(404, "404 not found\n");
  }
  // Links are relative, so that the page also works below a path, behind a proxy.
  const std::string_view root = address.path.find('/', 1) == std::string_view::npos ? "" : "../";
  const std::string plain =
      fmt::format("{}{}{}{}", root, address.plain, text_template::QueryEscaped(request.parameter),
                  address.plain_end);
  std::string content(document);
  Replace(content, "%ROOT%", root);
  Replace(content, "%PLAIN%", Html().Text(plain).Take());
  HttpResponse response =
      StaticFile(std::string(ContentTypeOf(kDocument)), std::move(content)).Answer(request);
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("Referrer-Policy", "same-origin");
  return response;
}

/// /runbooks/NAME, the page, and /runbooks/NAME.md, the text, for the runbooks that there are.
HttpResponse ShowRunbook(std::string_view document, const HttpRequest& request) {
  std::string_view name = request.parameter;
  const bool is_text = name.ends_with(kMarkdown);
  if (is_text) name.remove_suffix(kMarkdown.size());
  const Runbook* const runbook = FindRunbook(name);
  if (runbook == nullptr) return HttpResponse::Text(404, "404 not found\n");
  if (!is_text) return Show(document, kRunbook, request);
  // Not text/markdown, which browsers would offer to save.
  return StaticFile("text/plain; charset=utf-8", std::string(runbook->text)).Answer(request);
}

Route Get(std::string_view path, std::function<HttpResponse(const HttpRequest&)> handle) {
  Route route;
  route.path = path;
  route.methods = {"GET"};
  route.handle = std::move(handle);
  return route;
}

}  // namespace

std::vector<Route> WebPageRoutes(bool demo) {
  std::vector<Route> routes;
  const auto document = std::make_shared<std::string>();
  for (const WebAsset& asset : WebAssets()) {
    if (asset.name == kDocument) {
      *document = asset.content;
      continue;
    }
    const auto file = std::make_shared<const StaticFile>(std::string(ContentTypeOf(asset.name)),
                                                         std::string(asset.content));
    routes.push_back(Get(fmt::format("/ui/{}", asset.name),
                         [file](const HttpRequest& request) { return file->Answer(request); }));
  }
  Replace(*document, "%DEMO%", demo ? "true" : "false");
  for (const Address& address : kAddresses) {
    routes.push_back(Get(address.path, [document, &address](const HttpRequest& request) {
      return Show(*document, address, request);
    }));
  }
  routes.push_back(Get(kRunbook.path, [document](const HttpRequest& request) {
    return ShowRunbook(*document, request);
  }));
  return routes;
}

}  // namespace tocsin
