#!/usr/bin/env python3
"""check_coverage.py [FOLDER]: do shipped rules, dashboards and runbooks know what tocsin exports, and use all of it?

Every metric that they name must be one of tocsin's catalogue, be recorded by a shipped rule, or be passed on from the
watched system; and every family that is exported must be in a rule or a panel. What is excepted, and why, is in
tools/metrics_coverage.yaml. FOLDER is the repository; by default the one around this file.
"""
import fnmatch
import json
import pathlib
import re
import sys

import yaml

import check_alerts

LISTS = "tools/metrics_coverage.yaml"
HISTOGRAM = ("_bucket", "_sum", "_count")
# What the data source of Grafana knows beside PromQL.
LABEL_VALUES = re.compile(r"^\s*label_values\((?:(.*),)?[^,]*\)\s*$", re.DOTALL)
NAMES = re.compile(r'__name__\s*=~?\s*"([^"]*)"')
PROMQL = re.compile(r"```promql\n(.*?)```", re.DOTALL)


def expressions_of_rules(root):
    """(file, expression, what it records or None); with what templates ask for."""
    for path in sorted((root / "alerts").rglob("*.yaml")):
        if path.parent.name != "tests":
            for rule in check_alerts.rules_of((yaml.safe_load(path.read_text(encoding="utf-8")) or {})["groups"]):
                yield path, str(rule["expr"]), rule.get("record")
                for text in (rule.get("annotations") or {}).values():
                    for inner in check_alerts.TEMPLATE.findall(str(text)):
                        if re.search(r"\bquery\b", inner):
                            yield from ((path, query[1:-1].replace("%s", ""), None)
                                        for query in check_alerts.STRING.findall(inner))


def expressions_of_dashboards(root):
    for path in sorted((root / "dashboards").glob("*.json")):
        for key, text in walk(json.loads(path.read_text(encoding="utf-8"))):
            match = LABEL_VALUES.match(text) if key != "expr" else None
            if match or key == "expr":
                yield path, (match[1] or "") if match else text


def walk(node):
    """Every text that may be a query, with its key."""
    if isinstance(node, list):
        for child in node:
            yield from walk(child)
    elif isinstance(node, dict):
        for key, child in node.items():
            if key in ("expr", "query", "definition") and isinstance(child, str):
                yield key, child
            else:
                yield from walk(child)


def expressions_of_runbooks(root):
    for path in sorted((root / "docs" / "runbooks").glob("*.md")):
        for block in PROMQL.findall(path.read_text(encoding="utf-8")):
            yield path, block


def metrics_in(expr):
    """Also those that are matched by their names."""
    named = {name for names in NAMES.findall(expr) for name in names.split("|") if re.fullmatch(r"[\w:]+", name)}
    return named | set(check_alerts.metrics_in(re.sub(r"\$\w+|\$\{\w+\}", "1", expr)))


class Coverage:
    def __init__(self, root):
        self.root = root
        self.errors = []
        self.catalogue = check_alerts.read_catalogue(root)
        self.used = set()
        self.foreign = set()
        lists = yaml.safe_load((root / LISTS).read_text(encoding="utf-8"))
        self.unused, self.passed_on = (self.patterns(lists, key) for key in ("unused", "passed_on"))

    def patterns(self, lists, key):
        out = []
        for entry in lists.get(key) or []:
            if not str(entry.get("reason", "")).strip():
                self.errors.append(f"{LISTS}: {key}: {entry.get('families')} has no reason")
            out += entry.get("families") or []
        return out

    def family(self, metric):
        for suffix in HISTOGRAM:
            base = metric.removesuffix(suffix)
            if base != metric and all(base + each in self.catalogue for each in HISTOGRAM):
                return base
        return metric

    def check_names(self):
        rules = list(expressions_of_rules(self.root))
        recorded = {record for _, _, record in rules if record}
        in_use = [(path, expr) for path, expr, _ in rules] + list(expressions_of_dashboards(self.root))
        for path, expr in in_use:
            self.used |= {self.family(metric) for metric in metrics_in(expr)}
        for path, expr in in_use + list(expressions_of_runbooks(self.root)):
            for metric in sorted(metrics_in(expr) - recorded - self.catalogue.keys()):
                if any(fnmatch.fnmatchcase(metric, pattern) for pattern in self.passed_on):
                    self.foreign.add(metric)
                else:
                    self.errors.append(f"{path.relative_to(self.root)}: nobody exports {metric}")

    def check_families(self):
        exported = {self.family(metric) for metric in self.catalogue}
        left = exported - self.used
        for family in sorted(left):
            if not any(fnmatch.fnmatchcase(family, pattern) for pattern in self.unused):
                self.errors.append(f"{family} is in no rule and no panel, nor among the unused in {LISTS}")
        for pattern in self.unused:
            if not fnmatch.filter(left, pattern):
                self.errors.append(f"{LISTS}: unused: {pattern} is used, or is not exported")
        for pattern in self.passed_on:
            if not fnmatch.filter(self.foreign, pattern):
                self.errors.append(f"{LISTS}: passed_on: nothing asks for {pattern}, or tocsin exports it itself")
        return len(exported), len(left)


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parent.parent).resolve()
    coverage = Coverage(root)
    coverage.check_names()
    exported, left = coverage.check_families()
    print("\n".join(dict.fromkeys(coverage.errors)) or f"coverage: {exported - left} of {exported} families are used, "
          f"{left} are listed as unused, {len(coverage.foreign)} names are passed on")
    return 1 if coverage.errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
