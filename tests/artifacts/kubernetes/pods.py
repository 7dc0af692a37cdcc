"""What Kubernetes calls a restricted pod (its Pod Security Standards), and what we ask for beyond that."""
import copy

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
# Ways to spoil a pod and its first container; faults() has to notice each.
SPOILERS = {
    "runs as root": lambda pod, container: pod["securityContext"].update(runAsUser=0),
    "may run as root": lambda pod, container: pod["securityContext"].update(runAsNonRoot=False),
    "container may run as root": lambda pod, container: container["securityContext"].update(runAsNonRoot=False),
    "no seccomp": lambda pod, container: pod["securityContext"].pop("seccompProfile"),
    "unconfined": lambda pod, container: container["securityContext"].update(seccompProfile={"type": "Unconfined"}),
    "escalates": lambda pod, container: container["securityContext"].pop("allowPrivilegeEscalation"),
    "privileged": lambda pod, container: container["securityContext"].update(privileged=True),
    "keeps capabilities": lambda pod, container: container["securityContext"].pop("capabilities"),
    "adds capabilities": lambda pod, container: container["securityContext"]["capabilities"].update(add=["SYS_ADMIN"]),
    "writes to its root": lambda pod, container: container["securityContext"].pop("readOnlyRootFilesystem"),
    "no limit of memory": lambda pod, container: container["resources"].pop("limits"),
    "requests no memory": lambda pod, container: container["resources"].pop("requests"),
    "the host's network": lambda pod, container: pod.update(hostNetwork=True),
    "the host's processes": lambda pod, container: pod.update(hostPID=True),
    "the host's files": lambda pod, container: pod["volumes"].append({"name": "h", "hostPath": {"path": "/"}}),
    "a port of the host": lambda pod, container: container["ports"][0].update(hostPort=10061),
    "a sidecar": lambda pod, container: pod["containers"].append({"name": "beside", "image": "x"}),
    "an init container": lambda pod, container: pod.update(initContainers=[{"name": "before", "image": "x"}]),
}


def spec_of(item):
    if item["kind"] == "Pod":
        return item["spec"]
    return item.get("spec", {}).get("template", {}).get("spec") if isinstance(item.get("spec"), dict) else None


def spoiled(item, spoil):
    result = copy.deepcopy(item)
    pod = spec_of(result)
    spoil(pod, pod["containers"][0])
    return result


def _container_faults(pod, container):
    own = container.get("securityContext", {})
    both = {**pod.get("securityContext", {}), **own}  # What the container says goes before what the pod says.
    capabilities = own.get("capabilities", {})
    resources = container.get("resources", {})
    asked = {
        "runAsNonRoot": both.get("runAsNonRoot") is True and both.get("runAsUser") != 0,
        "seccompProfile": both.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
        "privileged": not own.get("privileged"),
        "drop ALL": "ALL" in capabilities.get("drop", []),
        "add": set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
        "readOnlyRootFilesystem": own.get("readOnlyRootFilesystem") is True,
        "memory": all("memory" in resources.get(part, {}) for part in ("requests", "limits")),
        "hostPort": not any(port.get("hostPort") for port in container.get("ports", [])),
    }
    return [f"{container['name']}: {name}" for name, holds in asked.items() if not holds]


def faults(item):
    """What keeps the pod of this object from being restricted; nothing for an object without a pod."""
    pod = spec_of(item)
    if pod is None:
        return []
    found = [name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name)]
    found += [f"volume {volume['name']}" for volume in pod.get("volumes", [])
              if not VOLUMES & volume.keys()]
    for container in pod["containers"] + pod.get("initContainers", []):
        found += _container_faults(pod, container)
    return [f"{item['kind']} {item['metadata']['name']}: {fault}" for fault in found]
