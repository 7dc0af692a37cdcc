#include "exporter/api/envelope.h"

#include <memory>
#include <utility>

#include "base/json_writer.h"

namespace tocsin::api {
namespace {

constexpr const char* kJson = "application/json";

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
  response.content_type = kJson;
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

HttpResponse Failure(ErrorType type, std::string_view message,
                     const std::optional<ExpressionPart>& part) {
  const Kind kind = KindOf(type);
  std::string body;
  JsonWriter json(body);
  json.BeginObject().Key("status").String("error");
  json.Key("errorType").String(kind.name).Key("error").String(message);
  if (part) {
    json.Key("errorPosition").BeginObject();
    AppendPart(json, *part);
    json.EndObject();
  }
  json.EndObject();
  return Json(kind.status, std::move(body));
}

HttpResponse Refusal(int status, std::string_view message) {
  ErrorType type = ErrorType::kBadData;
  if (status == 503) {
    type = ErrorType::kUnavailable;
  } else if (status >= 500) {
    type = ErrorType::kInternal;
  }
  HttpResponse response = Failure(type, message);
  response.status = status;
  return response;
}

std::string BeginSuccess() {
  return R"({"status":"success","data":)";
}

HttpResponse EndSuccess(std::string body) {
  body += '}';
  return Json(200, std::move(body));
}

HttpResponse EndSuccess(Pieces body, const std::set<std::string>& warnings,
                        const std::set<std::string>& infos) {
  AppendTexts(body.text(), "warnings", warnings);
  AppendTexts(body.text(), "infos", infos);
  body.text() += '}';
  HttpResponse response;
  response.content_type = kJson;
  response.more_body = body.Take();
  response.body = std::move(response.more_body.front());
  response.more_body.erase(response.more_body.begin());
  return response;
}

}  // namespace tocsin::api
