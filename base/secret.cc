#include "base/secret.h"

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
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return Secret(std::move(*text));
}

}  // namespace tocsin
