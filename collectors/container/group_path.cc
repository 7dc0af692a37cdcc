#include "collectors/container/group_path.h"

#include <algorithm>
#include <cstddef>

namespace tocsin::collectors::container {
namespace {

constexpr std::size_t kIdDigits = 64;
constexpr std::string_view kScope = ".scope";
constexpr std::string_view kSlice = ".slice";

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// "docker-ID.scope", "crio-ID", "SLICE:cri-containerd:ID", "ID".
std::string_view ContainerId(std::string_view part) {
  if (part.ends_with(kScope)) part.remove_suffix(kScope.size());
  if (part.size() < kIdDigits) return {};
  const std::string_view id = part.substr(part.size() - kIdDigits);
  if (!std::all_of(id.begin(), id.end(), IsHex)) return {};
  const std::string_view before = part.substr(0, part.size() - kIdDigits);
  if (before.empty()) return id;
  if (!before.ends_with('-') && !before.ends_with(':')) return {};
  return before.ends_with("conmon-") ? std::string_view() : id;
}

/// Whether it is a UUID, or the hash that static pods have instead.
bool IsPodUid(std::string_view text) {
  const auto digits = std::count_if(text.begin(), text.end(), IsHex);
  const auto dashes = std::count(text.begin(), text.end(), '-');
  return digits == 32 && (dashes == 0 || dashes == 4) && digits + dashes == std::ssize(text);
}

/// The uid in "podUID" or "kubepods-burstable-podUID.slice", where systemd has no room for dashes;
/// empty if there is none.
std::string PodUid(std::string_view part) {
  if (const std::size_t colon = part.find(':'); colon != std::string_view::npos) {
    part = part.substr(0, colon);
  }
  if (part.ends_with(kSlice)) part.remove_suffix(kSlice.size());
  const std::size_t pod = part.rfind("pod");
  if (pod == std::string_view::npos || (pod > 0 && part[pod - 1] != '-')) return {};
  std::string uid(part.substr(pod + 3));
  std::replace(uid.begin(), uid.end(), '_', '-');
  return IsPodUid(uid) ? uid : std::string();
}

}  // namespace

std::optional<PathIdentity> IdentifyGroup(std::string_view path) {
  const std::size_t last = path.rfind('/');
  if (last == std::string_view::npos) return std::nullopt;
  PathIdentity identity{std::string(ContainerId(path.substr(last + 1))), {}};
  if (identity.container_id.empty()) return std::nullopt;
  // The pod is the nearest group above that is one, or a prefix of this one.
  while (!path.empty() && identity.pod_uid.empty()) {
    const std::size_t slash = path.rfind('/');
    identity.pod_uid = PodUid(path.substr(slash == std::string_view::npos ? 0 : slash + 1));
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  return identity;
}

}  // namespace tocsin::collectors::container
