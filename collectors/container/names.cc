#include "collectors/container/names.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/utf8.h"
#include "collectors/json_member.h"
#include "collectors/proc/folder.h"
#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::container {
namespace {

constexpr std::size_t kShortIdDigits = 12;
constexpr std::size_t kIdDigits = 64;
constexpr std::size_t kMostLogs = 100'000;
/// What Kubernetes calls the container that keeps a pod's network.
constexpr std::string_view kSandbox = "POD";

std::string TextIn(const boost::json::value& object, std::string_view key) {
  const boost::json::value& text = MemberIn(object, key);
  return text.is_string() ? ToUtf8(std::string_view(text.get_string())) : std::string();
}

}  // namespace

bool IsGroupKey(std::string_view key) {
  if (key.starts_with('/')) return true;
  return key.size() >= kShortIdDigits && key.size() <= kIdDigits &&
         key.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<LogName> ParseLogName(std::string_view file) {
  constexpr std::string_view kEnd = ".log";
  if (!file.ends_with(kEnd)) return std::nullopt;
  file.remove_suffix(kEnd.size());
  const std::size_t pod_end = file.find('_');
  const std::size_t namespace_end = file.find('_', pod_end + 1);
  const std::size_t container_end = file.rfind('-');
  if (pod_end == std::string_view::npos || namespace_end == std::string_view::npos ||
      container_end == std::string_view::npos || container_end < namespace_end) {
    return std::nullopt;
  }
  LogName name{
      .pod = std::string(file.substr(0, pod_end)),
      .kube_namespace = std::string(file.substr(pod_end + 1, namespace_end - pod_end - 1)),
      .container = std::string(file.substr(namespace_end + 1, container_end - namespace_end - 1)),
      .id = std::string(file.substr(container_end + 1))};
  if (name.pod.empty() || name.container.empty() || name.id.empty()) return std::nullopt;
  return name;
}

Result<Identity> ParseDockerConfig(std::string_view text) {
  boost::json::error_code problem;
  const boost::json::value config = boost::json::parse(text, problem);
  if (problem || !config.is_object()) {
    return Error{ErrorCode::kCorrupt, "expected a JSON object in config.v2.json"};
  }
  const boost::json::value& settings = MemberIn(config, "Config");
  const boost::json::value& labels = MemberIn(settings, "Labels");
  Identity identity;
  identity.image = TextIn(settings, "Image");
  identity.container = TextIn(labels, "io.kubernetes.container.name");
  identity.pod = TextIn(labels, "io.kubernetes.pod.name");
  identity.kube_namespace = TextIn(labels, "io.kubernetes.pod.namespace");
  if (identity.container.empty()) {
    identity.container = TextIn(config, "Name");
    if (identity.container.starts_with('/')) identity.container.erase(0, 1);
  }
  return identity;
}

std::string Names::GivenName(std::string_view path, std::string_view id) const {
  for (const auto& [key, name] : sources_.given) {
    if (key == path) return name;
    if (key.size() >= kShortIdDigits && id.starts_with(key)) return name;
  }
  return {};
}

/// Learns all names that links to logs tell.
void Names::ReadLogNames() {
  logs_read_ = true;
  has_logs_ = false;
  const Result<FileDescriptor> folder = OpenFolder(sources_.kubernetes_logs);
  if (!folder) return;
  const Result<std::vector<std::string>> files = ListFolder(*folder, kMostLogs);
  if (!files) return;
  for (const std::string& file : *files) {
    std::optional<LogName> name = ParseLogName(file);
    if (!name) continue;
    has_logs_ = true;
    Identity& identity = known_[name->id].identity;
    identity.pod = ToUtf8(name->pod);
    identity.kube_namespace = ToUtf8(name->kube_namespace);
    identity.container = ToUtf8(name->container);
  }
}

/// What is known of a container, or null.
const Names::Known* Names::Find(const std::string& id, bool in_pod) {
  auto found = known_.find(id);
  if (found == known_.end()) {
    std::string text;
    const Result<FileDescriptor> folder = OpenFolder(sources_.docker / id);
    if (folder && ReadFileAt(*folder, "config.v2.json", text)) {
      if (Result<Identity> identity = ParseDockerConfig(text)) {
        found = known_.emplace(id, Known{std::move(*identity)}).first;
      }
    }
  }
  if (found == known_.end() && in_pod && !logs_read_) {
    ReadLogNames();
    found = known_.find(id);
  }
  if (found == known_.end()) return nullptr;
  found->second.asked = true;
  return &found->second;
}

std::optional<Identity> Names::Identify(const std::string& path,
                                        const std::optional<PathIdentity>& identity) {
  Identity labels;
  if (identity) {
    const bool in_pod = !identity->pod_uid.empty();
    const Known* const known = Find(identity->container_id, in_pod);
    if (known != nullptr) labels = known->identity;
    // The kubelet links to the logs of all containers but this one, when it starts them.
    if (known == nullptr && in_pod && has_logs_) return std::nullopt;
    if (labels.container == kSandbox) return std::nullopt;
    if (labels.pod.empty()) labels.pod = identity->pod_uid;
    if (labels.container.empty()) {
      labels.container = identity->container_id.substr(0, kShortIdDigits);
    }
    labels.name = identity->container_id;
  }
  labels.id = ToUtf8(path);
  if (std::string given = GivenName(path, labels.name); !given.empty()) {
    labels.container = std::move(given);
  }
  return labels;
}

void Names::EndRound() {
  std::erase_if(known_, [](const auto& known) { return !known.second.asked; });
  for (auto& [id, known] : known_) known.asked = false;
  logs_read_ = false;
}

}  // namespace tocsin::collectors::container
