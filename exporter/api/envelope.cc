#include "exporter/api/envelope.h"

#include <memory>
#include <utility>

#include "exporter/json_writer.h"

namespace tocsin::api {
namespace {

struct Kind {
  int status;
  std::string_view name;
};

Kind KindOf(ErrorType type) {
  switch (type) {
    case ErrorType::kBadData: return {400, "bad_data"};
    case ErrorType::kNotFound: return {404, "not_found"};
    case ErrorType::kNotAcceptable: return {406, "not_acceptable"};
    case ErrorType::kExecution: return {422, "execution"};
    case ErrorType::kCanceled: return {499, "canceled"};
    case ErrorType::kInternal: break;
    case ErrorType::kTimeout: return {503, "timeout"};
    case ErrorType::kUnavailable: return {503, "unavailable"};
  }
  return {500, "internal"};
}

HttpResponse Json(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

void AppendTexts(std::string& body, std::string_view key, const std::set<std::string>& texts) {
  if (texts.empty()) return;
  body += ",\"";
  body += key;
  body += "\":";
  JsonWriter json(body);
  json.BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

}  // namespace

HttpResponse Failure(ErrorType type, std::string_view message) {
  const Kind kind = KindOf(type);
  std::string body;
  JsonWriter json(body);
  json.BeginObject().Key("status").String("error");
  json.Key("errorType").String(kind.name).Key("error").String(message).EndObject();
  return Json(kind.status, std::move(body));
}

std::string BeginSuccess() {
  return R"({"status":"success","data":)";
}

HttpResponse EndSuccess(std::string body, const std::set<std::string>& warnings,
                        const std::set<std::string>& infos) {
  AppendTexts(body, "warnings", warnings);
  AppendTexts(body, "infos", infos);
  body += '}';
  return Json(200, std::move(body));
}

}  // namespace tocsin::api
