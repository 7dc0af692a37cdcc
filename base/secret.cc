#include "base/secret.h"

#include <initializer_list>
#include <string_view>

#include "base/file.h"

namespace tocsin {

SecretSource SecretSource::Inline(Secret secret) {
  SecretSource source;
  source.inline_ = std::move(secret);
  return source;
}

SecretSource SecretSource::File(std::filesystem::path path) {
  SecretSource source;
  source.file_ = std::move(path);
  return source;
}

Result<Secret> SecretSource::Read() const {
  if (file_.empty()) return inline_;
  Result<std::string> text = ReadFile(file_);
  if (!text) return Error{ErrorCode::kDenied, text.error().message};
  for (const std::string_view newline : {"\r\n", "\n"}) {
    if (!text->ends_with(newline)) continue;
    text->resize(text->size() - newline.size());
    break;
  }
  return Secret(std::move(*text));
}

}  // namespace tocsin
