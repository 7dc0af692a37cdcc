#!/usr/bin/env python3
"""offline.py PROGRAM ARGUMENT...: a command of helm or kubectl, as somebody writes it who has a cluster, as far as it goes
without one. PROGRAM is the real one.

Installing renders, creating prints, applying reads or builds. What is left needs a cluster to say anything: it runs as it
is, and succeeds if nothing but the missing cluster is in its way, so that a command or an option which is not there fails.
"""
import pathlib
import re
import subprocess
import sys

import yaml

NO_CLUSTER = re.compile(r"cluster unreachable|The connection to the server \S+ was refused")
# What `kubectl get prometheus -A -o yaml` shows, in short, of a kube-prometheus-stack.
PROMETHEUS = """apiVersion: v1
kind: List
items:
- apiVersion: monitoring.coreos.com/v1
  kind: Prometheus
  metadata:
    name: kube-prometheus-stack-prometheus
  spec:
    ruleSelector:
      matchLabels:
        release: kube-prometheus-stack
    serviceMonitorSelector:
      matchLabels:
        release: kube-prometheus-stack
"""


def option(words, name):
    return words[words.index(name) + 1] if name in words else None


def run(*command):
    done = subprocess.run(command, check=False)
    return done.returncode


def apply(program, words):
    if folder := option(words, "-k"):
        return run(program, "kustomize", folder)
    file = option(words, "-f")
    text = sys.stdin.read() if file == "-" else pathlib.Path(file).read_text(encoding="utf-8")
    items = [item for item in yaml.safe_load_all(text) if item]
    for item in items:
        print(f"{item['kind']} {item['metadata']['name']}")
    return 0 if items else 1


def set_image(program, words):
    """On the manifest, for want of the object; of which only one has a pod."""
    chosen = [word for word in words[2:] if not word.startswith("statefulset/")]
    done = subprocess.run([program, "set", "image", "--local", "-f", "deploy/manifests/tocsin/tocsin.yaml", "-o", "yaml",
                           *chosen], check=False, capture_output=True, text=True)
    image = chosen[-1].partition("=")[2]
    print(done.stdout)
    return 0 if f"image: {image}\n" in done.stdout else 1


def without_cluster(program, words):
    done = subprocess.run([program, *words], check=False, capture_output=True, text=True)
    print(done.stdout + done.stderr)
    return 0 if NO_CLUSTER.search(done.stderr) else 1


def main(program, *words):
    words = list(words)
    verb = (pathlib.Path(program).name, words[0])
    if verb == ("helm", "install"):
        return run(program, *words, "--dry-run=client")
    if verb in (("helm", "template"), ("kubectl", "kustomize")):
        return run(program, *words)
    if verb == ("kubectl", "create"):
        return run(program, *words, *([] if "--dry-run=client" in words else ["--dry-run=client", "-o", "yaml"]))
    if verb == ("kubectl", "apply"):
        return apply(program, words)
    if verb == ("kubectl", "set"):
        return set_image(program, words)
    if words[:2] == ["get", "prometheus"]:
        print(PROMETHEUS)
        return 0
    return without_cluster(program, words)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
