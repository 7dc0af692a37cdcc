// Passwords and tokens, as a type that cannot be printed by accident.

#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "base/result.h"

namespace tocsin {

/// A secret text. It has no stream operator, no fmt formatter and no comparison on purpose: the one
/// way to read it is to write Reveal(), which a review can search for. Immutable.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  /// For handing to the library that authenticates, and for nothing else.
  const std::string& Reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

/// Where a secret comes from: written in the configuration, or in a file (the `_file` twin of an
/// option) that is read again at each use, so that a rotated password needs no reload. Immutable.
class SecretSource {
 public:
  SecretSource() = default;
  static SecretSource Inline(Secret secret);
  static SecretSource File(std::filesystem::path path);

  bool is_set() const { return !file_.empty() || !inline_.empty(); }

  /// The secret as it is now; empty if none is set. A file's single trailing newline is not part of
  /// it. Fails with kDenied if the file cannot be read: the message names the file, never the text.
  Result<Secret> Read() const;

 private:
  Secret inline_;
  std::filesystem::path file_;
};

}  // namespace tocsin
