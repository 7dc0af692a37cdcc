"""Manifests without Helm: what the chart renders, without what only Helm needs."""
import re

import yaml

RELEASE = "tocsin"
HEADER = "# Rendered from deploy/helm/tocsin by tests/artifacts/kubernetes/check.py --write: edits in here are lost.\n"
# What belongs to Helm, or to a namespace: `kubectl apply -n` says which.
DROPPED = re.compile(r"^ *(helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n|^# Source: .*\n|^  namespace: \S+\n|"
                     r"^  annotations:\n    helm\.sh/resource-policy: keep\n|"
                     r"^  namespaceSelector:\n    matchNames: .*\n|"
                     r"^ *annotations:\n *# Another configuration .*\n *checksum/config: .*\n", re.MULTILINE)
# A folder of deploy/manifests: the values that it is rendered with, and the kinds that it has.
FOLDERS = {
    "tocsin": ({"tests": {"enabled": False}},
               ("ServiceAccount", "ConfigMap", "PersistentVolumeClaim", "Service", "StatefulSet")),
    "prometheus-operator": ({"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}},
                            ("ServiceMonitor", "PrometheusRule")),
}


def manifests(root, render):
    """Path: text."""
    result = {}
    for folder, (values, kinds) in FOLDERS.items():
        text = render({"fullnameOverride": RELEASE, **values}).replace("app.kubernetes.io/instance: t\n",
                                                                       f"app.kubernetes.io/instance: {RELEASE}\n")
        documents = [DROPPED.sub("", document).strip("\n") for document in re.split(r"^---\n", re.sub(
            r" +$", "", text, flags=re.MULTILINE), flags=re.MULTILINE)]
        wanted = [document for document in documents if document and yaml.safe_load(document)["kind"] in kinds]
        result[root / "deploy" / "manifests" / folder / f"{folder}.yaml"] = (
            HEADER + "".join(f"---\n{document}\n" for document in wanted))
        for item in map(yaml.safe_load, wanted):
            if item["kind"] == "ConfigMap" and item["metadata"]["name"] == RELEASE:
                result[root / "deploy" / "kustomize" / "base" / "tocsin.yaml"] = HEADER + item["data"]["tocsin.yaml"]
    return result


def write(root, render):
    for path, text in manifests(root, render).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(root)}")


def _names(item, kind):
    """The names of objects of that kind that the object's pod needs."""
    pod = item.get("spec", {}).get("template", {}).get("spec", {})
    for volume in pod.get("volumes", []):
        if kind == "ConfigMap" and "configMap" in volume:
            yield volume["configMap"]["name"]
        if kind == "PersistentVolumeClaim" and "persistentVolumeClaim" in volume:
            yield volume["persistentVolumeClaim"]["claimName"]
    if kind == "ServiceAccount" and pod:
        yield pod["serviceAccountName"]


def references(built):
    """Faults: what a pod names and is not in the same build, and Services that select none."""
    faults = []
    for folder, text in built.items():
        items = [item for item in yaml.safe_load_all(text) if item]
        there = {(item["kind"], item["metadata"]["name"]) for item in items}
        for item in items:
            for kind in ("ConfigMap", "PersistentVolumeClaim", "ServiceAccount"):
                faults += [f"{folder}: there is no {kind} {name}" for name in _names(item, kind)
                           if (kind, name) not in there]
            if item["kind"] == "Service":
                selector = item["spec"]["selector"].items()
                selected = [other for other in items if other["kind"] == "StatefulSet" and
                            selector <= other["spec"]["template"]["metadata"]["labels"].items()]
                faults += [] if selected else [f"{folder}: Service {item['metadata']['name']} selects nothing"]
    return faults
