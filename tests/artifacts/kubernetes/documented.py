"""What the guide tells somebody with a cluster to do: its values are rendered, its commands run as they are written, as
far as they go without a cluster (offline.py).
"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import yaml

import serve

from test_docs import blocks  # Of the integration tests, which serve.py made known.

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
PAGES = ("docs/kubernetes.md", "deploy/helm/tocsin/README.md", "docs/dashboards.md", "docs/install.md")
# Of these pages, those whose YAML is values of the chart.
PAGES_OF_VALUES = PAGES[:2]
IS_COMMAND = re.compile(r"^(helm|kubectl|cp) ", re.MULTILINE)
NAMED = re.compile(r"# (\S+\.yaml)\n")


def values_of(page):
    """The blocks of YAML of a page; the first is complete, each other one says what to add to it."""
    return [block for block in blocks(ROOT / page) if block.language == "yaml"]


def commands_of(page):
    return [block for block in blocks(ROOT / page) if block.language == "sh" and IS_COMMAND.search(block.text)]


def thresholds(binary, scratch):
    """Values with a pack whose threshold is another, made as the page says."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="thresholds-", dir=scratch))
    subprocess.run([binary, "generate", "rules", "--pack", "dagster", "--threshold", "DagsterDaemonHeartbeatLate=90", "-o",
                    folder], check=True, capture_output=True)
    [file] = folder.rglob("dagster.yaml")
    return {"rules": {"packs": ["tocsin"], "extra": {"dagster-ours": yaml.safe_load(file.read_text(encoding="utf-8"))}}}


def value_faults(proof, strict):
    """What is wrong with the values of the pages; `strict` judges objects, by name. And how many values there are."""
    faults, rendered = [], {}
    for page in PAGES_OF_VALUES:
        first, *others = values_of(page)
        complete = yaml.safe_load(first.text)
        more = [(block.name, yaml.safe_load(block.text)) for block in others]
        if page == PAGES[0]:
            more.append((f"{page}, thresholds", thresholds(proof.binary, proof.tools.scratch)))
        for name, values in [(first.name, {}), *more]:
            rendered[name] = [item for item in yaml.safe_load_all(proof.tools.render([complete, values])) if item]
            [pod] = [item for item in rendered[name] if item["kind"] == "StatefulSet"]
            with serve.Files(pod, rendered[name]) as files:
                if said := files.check(proof.binary):
                    faults.append(f"{name}: {said}")
    faults += [f"{name}: {fault}" for name, found in strict(rendered).items() for fault in found]
    return faults, len(rendered)


class Desk:
    """A clone of the repository, as far as the pages touch it, with the programs that they name on its PATH."""

    def __init__(self, proof):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="desk-", dir=proof.tools.scratch))
        self._environment = {**proof.tools.environment, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}
        for name in ("deploy", "dashboards"):
            shutil.copytree(ROOT / name, self.folder / name)
        (self.folder / "bin").mkdir()
        for program in ("helm", "kubectl"):
            self._install(program, f"{shlex.quote(sys.executable)} {shlex.quote(str(HERE / 'offline.py'))} "
                          f"{shlex.quote(str(proof.tools.folder / 'helm-4' / program / program))} \"$@\"")
        # A container engine is not here; packaging/check.sh builds the Dockerfile.
        self._install("docker", "[ \"$1\" != build ] || [ -e \"$3\" ]")
        self.write("password", "the password\n")
        self.write("tocsin.yaml", "collectors: [{type: host}]\n")

    def _install(self, name, command):
        self.write(f"bin/{name}", f"#!/bin/sh\n{command}\n")
        (self.folder / "bin" / name).chmod(0o755)

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, text):
        """What it said if it failed."""
        done = subprocess.run(["bash", "-c", f"set -euo pipefail\n{text}"], cwd=self.folder, env=self._environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120, check=False)
        return done.stdout[-2000:] or "it failed" if done.returncode != 0 else ""


def command_faults(proof):
    """What is wrong with the commands of the pages, and how many blocks of them there are."""
    desk = Desk(proof)
    for block in values_of(PAGES[0]):
        if named := NAMED.match(block.text):
            desk.write(named[1], block.text)
    chosen = [block for page in PAGES for block in commands_of(page)]
    faults = [f"{block.name}: {block.text}{said}" for block in chosen if (said := desk.run(block.text))]
    planted = ("helm install tocsin deploy/helm/tocsin -n monitoring --value my-values.yaml",
               "kubectl rollout reset -n monitoring statefulset/tocsin", "kubectl apply -n monitoring -k deploy/kustomise",
               "helm template tocsin deploy/helm/tocsin -s templates/configmaps.yaml")
    faults += [f"nobody notices: {text}" for text in planted if not desk.run(text)]
    return faults, len(chosen)
