// What the path of a control group says about the container in it.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::collectors::container {

/// A container, as far as the path of its control group tells.
struct PathIdentity {
  std::string container_id;  ///< 64 hexadecimal digits.
  std::string pod_uid;       ///< Empty outside Kubernetes.
};

/// Reads paths as Docker, containerd, CRI-O and Podman make them, by themselves or for Kubernetes,
/// with systemd or without: the last part ends in the container's id.
///
///     /docker/ID                                             /system.slice/docker-ID.scope
///     /kubepods/burstable/podUID/ID                          /machine.slice/libpod-ID.scope
///     /kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUID.slice/cri-containerd-ID.scope
///     /system.slice/containerd.service/kubepods-podUID.slice:cri-containerd:ID
///
/// Nothing for any other group, and for those of a runtime's own monitor (`conmon`).
std::optional<PathIdentity> IdentifyGroup(std::string_view path);

}  // namespace tocsin::collectors::container
