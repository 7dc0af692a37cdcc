#!/usr/bin/env python3
"""compose.py [FILE]: checks deploy/docker/compose.yaml, or FILE: what is written down there, and what Compose itself
would not mind. Says what is wrong, and exits with 1 then.
"""
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
FOLDER = ROOT / "deploy" / "docker"
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN", re.IGNORECASE)
# With its registry or without; a tag that says at least major and minor, or a digest.
PINNED = re.compile(r"^[\w./-]+(:v?\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})$")


def sources(service):
    """The files and folders of the machine that a service mounts."""
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            yield source, volume


def service_problems(name, service, compose):
    if not PINNED.match(service["image"]):
        yield f"the image {service['image']} is not pinned"
    if service.get("read_only") is not True:
        yield "its root is not read-only"
    if service.get("cap_drop") != ["ALL"]:
        yield "it keeps capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "it may gain privileges"
    if "mem_limit" not in service:
        yield "its memory has no limit"
    if "healthcheck" not in service and name != "tocsin":  # Its image brings one.
        yield "it has no health check"
    for port in service.get("ports", []):
        if not port.startswith("127.0.0.1:"):
            yield f"the port {port} is open to other machines"
    for variable, value in service.get("environment", {}).items():
        if SECRET.search(variable) and not str(value).startswith("/run/secrets/"):
            yield f"{variable} holds a secret"
    for secret in service.get("secrets", []):
        if secret not in compose["secrets"]:
            yield f"the secret {secret} is nowhere"
    for source, volume in sources(service):
        if not (FOLDER / source).exists():
            yield f"{source} is not there"
        if not volume.endswith(":ro"):
            yield f"it may write to {source}"
    for other, how in service.get("depends_on", {}).items():
        if how != {"condition": "service_healthy"} or other not in compose["services"]:
            yield f"it does not wait for {other} to be healthy"


def provisioning_problems(compose):
    """What Grafana is provisioned with names services and ports that are there, and the folder that is mounted."""
    text = (FOLDER / "compose/grafana/datasources/tocsin.yaml").read_text(encoding="utf-8")
    sources_of_data = yaml.safe_load(text)["datasources"]
    urls = {"prometheus": "http://prometheus:9090", "tocsin": "http://tocsin:10061",
            "alertmanager": "http://alertmanager:9093"}
    found = {source["uid"]: source["url"] for source in sources_of_data}
    if found != urls:
        yield f"the data sources are {found}"
    if [source["uid"] for source in sources_of_data if source.get("isDefault")] != ["prometheus"]:
        yield "not exactly one data source is the default"
    text = (FOLDER / "compose/grafana/dashboards/tocsin.yaml").read_text(encoding="utf-8")
    [provider] = yaml.safe_load(text)["providers"]
    mounts = [volume.split(":")[1] for volume in compose["services"]["grafana"]["volumes"]]
    if provider["options"]["path"] not in mounts:
        yield f"{provider['options']['path']} is not mounted"


def main():
    file = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "compose.yaml"
    compose = yaml.safe_load(file.read_text(encoding="utf-8"))
    wrong = [f"{name}: {problem}" for name, service in compose["services"].items()
             for problem in service_problems(name, service, compose)]
    for name, secret in compose["secrets"].items():
        if set(secret) != {"file"} or not secret["file"].startswith("./compose/secrets/"):
            wrong.append(f"secret {name}: it is not one of compose/secrets")
    wrong += [f"grafana: {problem}" for problem in provisioning_problems(compose)]
    for problem in wrong:
        print(f"{file}: {problem}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
