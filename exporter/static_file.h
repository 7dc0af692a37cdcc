// A file that is served as it is.

#pragma once

#include <array>
#include <mutex>
#include <string>
#include <string_view>

#include "exporter/content_negotiation.h"
#include "exporter/http_message.h"

namespace tocsin {

/// A text in the forms that it is sent in: as it is, and compressed. A form is made when somebody
/// first asks for it, and then kept. Each has a strong ETag of its own, as RFC 9110 wants it.
/// Threads: any.
class StaticFile {
 public:
  StaticFile(std::string content_type, std::string content);

  /// 200 with the form that the client prefers, or 304 if it has that already.
  HttpResponse Answer(const HttpRequest& request) const;

 private:
  static constexpr std::size_t kForms = 3;  ///< By ContentEncoding.

  SharedText Form(ContentEncoding encoding) const;

  std::string content_type_;
  SharedText content_;
  std::string digest_;
  mutable std::array<std::once_flag, kForms> made_;
  mutable std::array<SharedText, kForms> forms_;
};

}  // namespace tocsin
