// What every answer of the HTTP API is wrapped in.

#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "exporter/api/expression_part.h"
#include "exporter/api/pieces.h"
#include "exporter/http_message.h"

namespace tocsin::api {

/// Why a request failed, in the words of Prometheus' API. Source: its documentation, "HTTP API",
/// "Format overview".
enum class ErrorType {
  kBadData,        ///< 400
  kNotFound,       ///< 404
  kNotAcceptable,  ///< 406
  kExecution,      ///< 422
  kCanceled,       ///< 499
  kInternal,       ///< 500
  kTimeout,        ///< 503
  kUnavailable,    ///< 503
};

/// {"status":"error","errorType":...,"error":...} with the status code of its type; with
/// "errorPosition" if the error is about a part of an expression.
HttpResponse Failure(ErrorType type, std::string_view message,
                     const std::optional<ExpressionPart>& part = std::nullopt);
/// The same for what the server refuses before a handler sees it; see Route::refusal.
HttpResponse Refusal(int status, std::string_view message);

/// Begins an answer: {"status":"success","data": . What is appended next is the data.
std::string BeginSuccess();
/// Ends what BeginSuccess() began, with the warnings and infos, if there are any.
HttpResponse EndSuccess(std::string body);
HttpResponse EndSuccess(Pieces body, const std::set<std::string>& warnings = {},
                        const std::set<std::string>& infos = {});

}  // namespace tocsin::api
