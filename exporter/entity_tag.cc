#include "exporter/entity_tag.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kWeak = "W/";

/// Takes what stands between two tags away from the front.
void Skip(std::string_view& list) {
  list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
}

/// Takes a tag, which may hold commas, away from the front; "" if there is none.
std::string_view TakeTag(std::string_view& list) {
  if (list.starts_with(kWeak)) list.remove_prefix(kWeak.size());
  if (!list.starts_with('"')) return {};
  const std::size_t end = list.find('"', 1);
  if (end == std::string_view::npos) return {};
  const std::string_view tag = list.substr(0, end + 1);
  list.remove_prefix(tag.size());
  return tag;
}

bool Names(std::string_view list, std::string_view etag) {
  const std::size_t begin = list.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return false;
  if (list.substr(begin, list.find_last_not_of(kBlanks) + 1 - begin) == "*") return true;
  for (Skip(list); !list.empty(); Skip(list)) {
    const std::string_view tag = TakeTag(list);
    if (tag.empty()) return false;
    if (tag == etag) return true;
  }
  return false;
}

}  // namespace

bool HasAlready(const HttpRequest& request, std::string_view etag) {
  // A list may be sent in several headers.
  return std::ranges::any_of(request.headers, [&](const auto& header) {
    return EqualsIgnoringCase(header.first, "If-None-Match") && Names(header.second, etag);
  });
}

}  // namespace tocsin
