#!/usr/bin/env python3
"""Tests of tools/check_chart.py: the chart as it is is good, and each fault planted in a copy of it must be found."""
import contextlib
import io
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import check_chart

CHART = "deploy/helm/tocsin"
SCHEMA, VALUES = f"{CHART}/values.schema.json", f"{CHART}/values.yaml"

UNAVAILABLE = "- alert: DagsterDaemonUnavailable\n"

# A file, what to replace in it (None: all of it, as a new file), by what; and a part of what is said about it.
FAULTS = [
    ("alerts/dagster.yaml", UNAVAILABLE, "- alert: Another\n", "files/rules/dagster.yaml: differs"),
    ("alerts/dagster.yaml", UNAVAILABLE, "- alert: Another\n", "PrometheusRule tocsin-dagster is not a pack"),
    ("alerts/dagster.yaml", UNAVAILABLE, "- alert: Another\n", "ConfigMap tocsin-rules is not alerts/"),
    ("alerts/optional/new.yaml", None, "groups: []\n", "files/rules/optional/new.yaml: is missing"),
    (f"{CHART}/files/rules/old.yaml", None, "groups: []\n", "files/rules/old.yaml: is not in alerts"),
    ("dashboards/new.json", None, "{}\n", "files/dashboards/new.json: is missing"),
    ("dashboards/new.json", None, "{}\n", "kustomization.yaml: new.json is not listed"),
    ("dashboards/kustomization.yaml", "files: [dagster.json]", "files: [old.json]", "old.json is not there"),
    (f"{CHART}/Chart.yaml", "\nversion: ", "\nversion: 9", "Chart.yaml: version is 9"),
    (f"{CHART}/Chart.yaml", 'appVersion: "', 'appVersion: "9', "Chart.yaml: appVersion is 9"),
    ("deploy/kustomize/overlays/minimal/kustomization.yaml", "newTag: ", "newTag: 9", "the tag is 9"),
    ("deploy/kustomize/overlays/minimal/tocsin.yaml", "server: {", "server: {{", "minimal/tocsin.yaml: "),
    (VALUES, "\nreplicas: 1\n", "\nreplica: 1\n", "values.schema.json: does not know replica"),
    (VALUES, "\nreplicas: 1\n", "\nreplica: 1\n", "values.yaml: does not have replicas"),
    (VALUES, "\n  pullPolicy: IfNotPresent\n", "\n", "values.yaml: does not have image.pullPolicy"),
    (VALUES, "\n# -- 1, or 0", "\n# 1, or 0", "replicas has no comment"),
    (VALUES, "\nreplicas: 1\n", "\nreplicas: 0\n", "README.md: the table is not that of values.yaml"),
    (SCHEMA, '"additionalProperties": false', '"minProperties": 0', "values lets every key pass"),
    (SCHEMA, '"resend_delay"', '"resend_delays"', "rules.resend_delays is only in the schema"),
    (SCHEMA, '"resend_delay"', '"resend_delays"', "rules.resend_delay is only in docs/configuration.md"),
    (SCHEMA, '"stale_after"', '"stale"', "collectors.stale_after is only in docs/configuration.md"),
    (SCHEMA, '"receiver_failing_after"', '"failing_after"', "notify.failing_after is only in the schema"),
    (f"{CHART}/README.md", check_chart.BEGIN, "", "README.md: has no place for the table"),
]


def found_in(root, *arguments):
    with contextlib.redirect_stdout(io.StringIO()) as output:
        status = check_chart.main([str(root), *arguments])
    return status, output.getvalue()


class CheckChartTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tocsin-chart-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("deploy", "alerts", "dashboards"):
            shutil.copytree(ROOT / name, self.root / name)
        (self.root / "docs").mkdir()
        for name in ("docs/configuration.md", "CMakeLists.txt"):
            shutil.copy(ROOT / name, self.root / name)

    def test_the_chart_is_good(self):
        self.assertEqual(found_in(self.root), (False, "chart: ok\n"))

    def test_every_fault_is_found(self):
        for name, old, new, said in FAULTS:
            with self.subTest(f"{name}: {old!r}"):
                path = self.root / name
                text = path.read_text(encoding="utf-8") if old is not None else None
                if text is not None:
                    self.assertIn(old, text)
                path.write_text(new if text is None else text.replace(old, new, 1), encoding="utf-8")
                status, output = found_in(self.root)
                self.assertTrue(status)
                self.assertIn(said, output)
                if text is None:
                    path.unlink()
                else:
                    path.write_text(text, encoding="utf-8")

    def test_write_puts_the_rules_into_the_manifests(self):
        before = {path: path.read_text(encoding="utf-8") for path in (self.root / "deploy/manifests").rglob("*.yaml")}
        path = self.root / "alerts/dagster.yaml"
        text = path.read_text(encoding="utf-8")
        for copy in (path, self.root / CHART / "files/rules/dagster.yaml"):
            copy.write_text(text.replace(UNAVAILABLE, "- alert: Another\n"), encoding="utf-8")
        self.assertTrue(found_in(self.root)[0])
        self.assertFalse(found_in(self.root, "--write")[0])
        for copy in (path, self.root / CHART / "files/rules/dagster.yaml"):
            copy.write_text(text, encoding="utf-8")
        self.assertFalse(found_in(self.root, "--write")[0])
        self.assertEqual({path: path.read_text(encoding="utf-8") for path in before}, before)

    def test_write_mends_the_table(self):
        path = self.root / CHART / "README.md"
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"^\| `replicas`.*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
        self.assertTrue(found_in(self.root)[0])
        self.assertFalse(found_in(self.root, "--write")[0])
        self.assertEqual(path.read_text(encoding="utf-8"), text)


if __name__ == "__main__":
    unittest.main()
