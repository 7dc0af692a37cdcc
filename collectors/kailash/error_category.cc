#include "collectors/kailash/error_category.h"

#include <string>

#include "base/text.h"

namespace tocsin::collectors::kailash {
namespace {

struct Word {
  std::string_view word;
  ErrorCategory category;
};

// The first that is found decides.
constexpr std::array kWords = {
    Word{"authentication", kAuthenticationFailed},
    Word{"password", kAuthenticationFailed},
    Word{"unauthorized", kAuthenticationFailed},
    Word{"access denied", kAuthenticationFailed},
    Word{"permission denied", kAuthenticationFailed},
    Word{"syntax", kQueryError},
    Word{"column", kQueryError},
    Word{"relation", kQueryError},
    Word{"no such table", kQueryError},
    Word{"constraint", kQueryError},
    Word{"query", kQueryError},
};

}  // namespace

ErrorCategory CategoryOf(std::string_view error_text) {
  const std::string text = LowerCase(error_text);
  for (const Word& word : kWords) {
    if (text.find(word.word) != std::string::npos) return word.category;
  }
  return kOtherError;
}

}  // namespace tocsin::collectors::kailash
