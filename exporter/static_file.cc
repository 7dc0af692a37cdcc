#include "exporter/static_file.h"

#include <cstddef>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "exporter/compression.h"
#include "exporter/entity_tag.h"
#include "notify/receivers/digests.h"

namespace tocsin {

StaticFile::StaticFile(std::string content_type, std::string content)
    : content_type_(std::move(content_type)) {
  constexpr std::size_t kDigits = 32;
  digest_ = notify::Sha256Hex(content).substr(0, kDigits);
  content_ = std::make_shared<const std::string>(std::move(content));
}

SharedText StaticFile::Form(ContentEncoding encoding) const {
  if (encoding == ContentEncoding::kIdentity) return content_;
  const auto index = static_cast<std::size_t>(encoding);
  std::call_once(made_.at(index), [&] {
    forms_.at(index) = std::make_shared<const std::string>(Compress({content_}, encoding));
  });
  return forms_.at(index);
}

HttpResponse StaticFile::Answer(const HttpRequest& request) const {
  const ContentEncoding encoding = NegotiateEncoding(request.Header("Accept-Encoding"));
  const std::string etag = fmt::format("\"{}{}\"", digest_, Name(encoding));
  HttpResponse response;
  response.content_type = content_type_;
  // Asked about each time, so that a browser never mixes the files of two versions.
  response.headers = {{"ETag", etag}, {"Cache-Control", "no-cache"}, {"Vary", "Accept-Encoding"}};
  if (HasAlready(request, etag)) {
    response.status = 304;
    return response;
  }
  if (encoding != ContentEncoding::kIdentity) {
    response.headers.emplace_back("Content-Encoding", Name(encoding));
  }
  response.body = Form(encoding);
  return response;
}

}  // namespace tocsin
