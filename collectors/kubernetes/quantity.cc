#include "collectors/kubernetes/quantity.h"

#include <array>
#include <cstddef>
#include <string>

#include "base/number.h"

namespace tocsin::collectors::kubernetes {
namespace {

struct Suffix {
  std::string_view text;
  double factor;
  double divisor = 1;  ///< Where the factor would not be exact: 100m is 0.1, and no bit more.
};
constexpr std::array<Suffix, 16> kSuffixes = {{
    {"", 1},
    {"n", 1, 1e9},
    {"u", 1, 1e6},
    {"m", 1, 1e3},
    {"k", 1e3},
    {"M", 1e6},
    {"G", 1e9},
    {"T", 1e12},
    {"P", 1e15},
    {"E", 1e18},
    {"Ki", 0x1p10},
    {"Mi", 0x1p20},
    {"Gi", 0x1p30},
    {"Ti", 0x1p40},
    {"Pi", 0x1p50},
    {"Ei", 0x1p60},
}};

const Suffix* FindSuffix(std::string_view text) {
  for (const Suffix& each : kSuffixes) {
    if (each.text == text) return &each;
  }
  return nullptr;
}

/// Whether a suffix is an exponent, "e3" or "E-3", and not E for exa.
bool IsExponent(std::string_view suffix) {
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return false;
  suffix.remove_prefix(1);
  if (suffix[0] == '+' || suffix[0] == '-') suffix.remove_prefix(1);
  return !suffix.empty() && suffix.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::optional<double> ParseQuantity(std::string_view text) {
  const std::size_t sign = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
  std::size_t end = text.find_first_not_of("0123456789.", sign);
  if (end == std::string_view::npos) end = text.size();
  const std::string_view suffix = text.substr(end);
  if (end == sign) return std::nullopt;  // Else ParseNumber() would accept "Inf" and the like.
  if (IsExponent(suffix)) return ParseNumber(text);
  const std::optional<double> number = ParseNumber(text.substr(0, end));
  const Suffix* const unit = FindSuffix(suffix);
  if (!number || unit == nullptr) return std::nullopt;
  return *number * unit->factor / unit->divisor;
}

}  // namespace tocsin::collectors::kubernetes
