#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tocsin::collectors::kailash {

/// What an execution's error text tells of its cause. The index of a category in tables of all.
enum ErrorCategory : std::size_t { kQueryError, kAuthenticationFailed, kOtherError };
inline constexpr std::size_t kErrorCategories = 3;

/// The `category` label, by ErrorCategory.
inline constexpr std::array<std::string_view, kErrorCategories> kErrorCategoryNames = {
    "query_error", "authentication_failed", "other"};

/// Tells by a fixed table of words, in any case. The words are those that Kailash's own
/// classification looks for, and the ones that databases use.
/// Source: kailash/core/monitoring/connection_metrics.py, _categorize_error.
ErrorCategory CategoryOf(std::string_view error_text);

}  // namespace tocsin::collectors::kailash
