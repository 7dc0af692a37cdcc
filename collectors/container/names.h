// What containers are called, which their control groups do not say.

#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "collectors/container/group_path.h"
#include "collectors/container/metrics.h"

namespace tocsin::collectors::container {

/// Where names come from. Folders that are not there, or may not be read, have none.
struct NameSources {
  /// Given by the user: a group's path, or the first digits of a container's id, and its name.
  std::vector<std::pair<std::string, std::string>> given = {};
  /// Docker's containers: a folder for each, called by its id, with config.v2.json.
  std::filesystem::path docker = "/var/lib/docker/containers";
  /// The kubelet's links to logs, "POD_NAMESPACE_CONTAINER-ID.log".
  std::filesystem::path kubernetes_logs = "/var/log/containers";
};

/// Whether a group can be given a name by `key`: a path, or at least 12 and at most 64 digits of an
/// id.
bool IsGroupKey(std::string_view key);

/// The names in such a link's name; nothing if it is none.
struct LogName {
  std::string pod;
  std::string kube_namespace;
  std::string container;
  std::string id;
};
std::optional<LogName> ParseLogName(std::string_view file);

/// The names in Docker's config.v2.json. Fails with kCorrupt if it is no JSON object.
Result<Identity> ParseDockerConfig(std::string_view text);

/// Tells what containers are called. It remembers those that it has been asked for lately. One
/// thread at a time.
class Names {
 public:
  explicit Names(NameSources sources) : sources_(std::move(sources)) {}

  /// The labels of the group at `path`. Without a name, a container is called by the first 12
  /// digits of its id, as Docker's programs do, and its pod by its uid. Nothing for the container
  /// that only keeps a pod's network, which nobody wants to see.
  std::optional<Identity> Identify(const std::string& path,
                                   const std::optional<PathIdentity>& identity);

  /// Forgets whoever was not asked for since the last call. To be called after each round.
  void EndRound();

 private:
  struct Known {
    Identity identity;
    bool asked = false;
  };

  const Known* Find(const std::string& id, bool in_pod);
  void ReadLogNames();
  std::string GivenName(std::string_view path, std::string_view id) const;

  const NameSources sources_;
  std::map<std::string, Known, std::less<>> known_;  // By container id.
  bool logs_read_ = false;                           // In this round.
  bool has_logs_ = false;                            // Whether there was any.
};

}  // namespace tocsin::collectors::container
