#include "exporter/api/runbooks_api.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "exporter/api/envelope.h"
#include "exporter/runbooks.h"

namespace tocsin::api {
namespace {

std::span<const Runbook> AskedFor(const HttpRequest& request) {
  const std::vector<std::string_view> urls = request.Query("url");
  if (urls.empty()) return Runbooks();
  const Runbook* const found = RunbookAt(urls.front());
  return {found, found == nullptr ? 0U : 1U};
}

HttpResponse List(const HttpRequest& request) {
  std::string body = BeginSuccess();
  JsonWriter json(body);
  json.BeginObject().Key("runbooks").BeginArray();
  for (const Runbook& runbook : AskedFor(request)) {
    json.BeginObject().Key("name").String(runbook.name);
    json.Key("title").String(runbook.Title()).EndObject();
  }
  json.EndArray().EndObject();
  return EndSuccess(std::move(body));
}

}  // namespace

Route RunbooksRoute() {
  return {
      .path = "/api/v1/tocsin/runbooks", .methods = {"GET"}, .handle = &List, .refusal = &Refusal};
}

}  // namespace tocsin::api
