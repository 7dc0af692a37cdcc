#!/usr/bin/env python3
"""generate_test.py [BINARY]: tests of tools/generate.py: each fault planted in a copy of what is committed is found, and
writing mends it."""
import contextlib
import io
import pathlib
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import generate

BINARY = ROOT / "build" / "tocsin"

# A file; what to replace in it (None: all of it, as a new file; "": remove it), by what; what is said about it.
FAULTS = [
    ("docs/metrics.md", "| gauge |", "| counter |", "docs/metrics.md: differs"),
    ("docs/collectors/dagster.md", "| `dagster_daemon_required` | gauge", "| `dagster_daemon_required` | counter", "docs/collectors/dagster.md: differs"),
    ("dashboards/dagster.json", "", "", "dashboards/dagster.json: is missing"),
    ("dashboards/old.json", None, "{}\n", "dashboards/old.json: is not generated"),
    ("deploy/helm/tocsin/files/rules/dagster.yaml", "severity: critical", "severity: none",
     "deploy/helm/tocsin/files/rules/dagster.yaml: differs"),
    ("deploy/helm/tocsin/files/rules/optional/old.yaml", None, "groups: []\n",
     "deploy/helm/tocsin/files/rules/optional/old.yaml: is not generated"),
    ("deploy/helm/tocsin/files/dashboards/dagster.json", '"editable": false', '"editable": true',
     "deploy/helm/tocsin/files/dashboards/dagster.json: differs"),
    ("deploy/man/tocsin.1", "tocsin", "Tocsin", "deploy/man/tocsin.1: differs"),
    ("deploy/completions/_tocsin", "", "", "deploy/completions/_tocsin: is missing"),
]


class Generate(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="tocsin-generate-test-")
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        for name, _, _ in (*generate.TARGETS, generate.SOURCE):
            shutil.copytree(ROOT / name, self.root / name, dirs_exist_ok=True)

    def plant(self, name, old, new):
        path = self.root / name
        if old == "":
            path.unlink()
        elif old is None:
            path.write_text(new, encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
            self.assertTrue(old in text, f"{name} has no {old}")
            path.write_text(text.replace(old, new), encoding="utf-8")

    def test_what_is_committed_is_generated(self):
        self.assertEqual(generate.check(self.root, BINARY), [])

    def test_all_faults_are_found_and_mended(self):
        for name, old, new, _ in FAULTS:
            self.plant(name, old, new)
        self.assertEqual(set(generate.check(self.root, BINARY)), {said for *_, said in FAULTS})
        with contextlib.redirect_stdout(io.StringIO()) as said:
            generate.write(self.root, BINARY)
        self.assertIn("removed dashboards/old.json\n", said.getvalue())
        self.assertEqual(generate.check(self.root, BINARY), [])

    def test_an_old_binary_is_not_believed(self):
        self.plant("alerts/dagster.yaml", "severity: critical", "severity: warning")
        self.plant("alerts/new.yaml", None, "groups: []\n")
        said = ["alerts/dagster.yaml: differs", "alerts/new.yaml: is not generated",
                f"{BINARY} was not built from these packs"]
        self.assertEqual(generate.check(self.root, BINARY), said)
        with self.assertRaises(SystemExit):
            generate.write(self.root, BINARY)
        self.assertIn("severity: warning", (self.root / "alerts/dagster.yaml").read_text(encoding="utf-8"))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        BINARY = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
