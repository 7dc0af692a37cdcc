"""`tocsin generate`: what it writes is what Prometheus and Kubernetes' Prometheus operator take."""
import pathlib
import re
import shlex
import shutil
import subprocess

import harness
import yaml

ALERTS = harness.ROOT / "alerts"

# Options of `generate rules`, and what each rule has to be like.
CHANGES = {
    "nothing": "",
    "job": "--job tocsin",
    "selector": "--selector 'cluster=~\"a|b\",zone!=\"c\"'",
    "label": "--label team=data --label severity=page",
    "runbook-url": "--runbook-url https://runbooks.example/tocsin",
    "runbook-url with a place": "--runbook-url 'https://runbooks.example/{name}.html'",
    "threshold": "--threshold DagsterQueueStuck=900 --threshold AtlasDown=1",
    "for": "--for DagsterQueueStuck=10m --for Watchdog=1m",
    "all": "--job tocsin --selector 'cluster=\"a\"' --label team=data --runbook-url https://runbooks.example "
           "--threshold DagsterQueueStuck=900 --for DagsterQueueStuck=10m",
}


def generate(verb, folder, options=""):
    """The files that are there afterwards, by path."""
    done = subprocess.run([harness.tocsin_binary, "generate", verb, *shlex.split(options), "-o", folder], text=True,
                          capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"generate {verb} {options}: {done.stderr}")
    made = {line.split(" ", 1)[1] for line in done.stdout.splitlines()}
    there = {str(path): path for path in folder.rglob("*") if path.is_file()}
    if made != there.keys():
        raise AssertionError(f"generate {verb} {options} says {made}, and wrote {there.keys()}")
    return {path.relative_to(folder): path for path in there.values()}


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules(tree):
    return [rule for group in tree["groups"] for rule in group["rules"]]


class Generate(harness.TestCase):
    def promtool(self, *arguments):
        done = subprocess.run(["promtool", *arguments], text=True, capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_promtool_takes_the_rules_with_every_option(self):
        for name, options in CHANGES.items():
            with self.subTest(name), harness.temporary_folder() as folder:
                files = generate("rules", folder / "rules", f"--optional {options}")
                self.assertGreater(len(files), 10)
                self.promtool("check", "rules", "--lint=all", "--lint-fatal", *map(str, files.values()))

    def test_changes_change_what_they_say_and_nothing_else(self):
        with harness.temporary_folder() as folder:
            files = generate("rules", folder, f"--optional {CHANGES['all']}")
            for name, path in files.items():
                shipped = read(ALERTS / name)
                changed = rules(read(path))
                self.assertEqual(len(changed), len(rules(shipped)))
                for before, after in zip(rules(shipped), changed):
                    self.check_rule(before, after)

    def check_rule(self, before, after):
        name = before.get("alert") or before["record"]
        with self.subTest(name):
            matchers = ',? ?job="tocsin", cluster="a"'
            expr = re.sub(r"\{\}", "", re.sub(matchers, "", after["expr"]))
            self.assertEqual(expr.replace("> 900", "> 600") if name == "DagsterQueueStuck" else expr, before["expr"])
            if before["expr"] != "vector(1)":
                self.assertIn('job="tocsin", cluster="a"', after["expr"])
            if "record" in before:
                self.assertEqual(before.keys(), after.keys())
                return
            self.assertEqual({"team": "data", **before.get("labels", {})}, after["labels"])
            self.assertEqual("10m" if name == "DagsterQueueStuck" else before.get("for"), after.get("for"))
            self.assertEqual(before.get("keep_firing_for"), after.get("keep_firing_for"))
            self.assertEqual(f"https://runbooks.example/{name.lower()}.md", after["annotations"]["runbook_url"])
            self.assertEqual(before["annotations"]["summary"], after["annotations"]["summary"])

    def test_rules_that_are_written_anew_are_the_same_rules(self):
        with harness.temporary_folder() as folder:
            # An option that changes nothing: the texts are written by tocsin all the same.
            files = generate("rules", folder, "--optional --runbook-url docs/runbooks")
            self.assertNotIn("#", (folder / "atlas.yaml").read_text(encoding="utf-8").partition("\n")[2])
            for name, path in files.items():
                self.assertEqual(read(path), read(ALERTS / name))

    def test_a_prometheusrule_has_the_groups_of_its_pack(self):
        with harness.temporary_folder() as folder:
            files = generate("prometheusrule", folder,
                             "--optional --namespace monitoring --name-prefix x- --metadata-label release=stack")
            packs = {path.relative_to(ALERTS) for path in (*ALERTS.glob("*.yaml"), *ALERTS.glob("optional/*.yaml"))}
            self.assertEqual(files.keys(), packs)
            for name, path in files.items():
                item = read(path)
                self.assertEqual((item["apiVersion"], item["kind"]), ("monitoring.coreos.com/v1", "PrometheusRule"))
                self.assertEqual(item["metadata"], {
                    "name": f"x-{pathlib.Path(name).stem}", "namespace": "monitoring",
                    "labels": {"app.kubernetes.io/name": "tocsin", "release": "stack"}})
                self.assertEqual(item["spec"], read(ALERTS / name))

    def test_dashboards_go_with_changed_rules(self):
        with harness.temporary_folder() as folder:
            generate("dashboards", folder, "--threshold DagsterQueueStuck=987 --datasource-uid mine "
                                           "--runbook-url https://runbooks.example")
            text = (folder / "dagster.json").read_text(encoding="utf-8")
            self.assertRegex(text, r'"value": 987\b')
            self.assertIn("https://runbooks.example/dagsterqueuestuck.md", text)
            self.assertIn('"value": "mine"', text)

    def test_what_is_there_already_is_not_written_again(self):
        with harness.temporary_folder() as folder:
            shutil.copytree(ALERTS, folder / "alerts")
            done = subprocess.run([harness.tocsin_binary, "generate", "rules", "-o", folder / "alerts"], text=True,
                                  capture_output=True, timeout=60, check=True)
            self.assertTrue(all(line.startswith("unchanged ") for line in done.stdout.splitlines()), done.stdout)

    def test_mistakes_are_told(self):
        rows = [
            ("rules --pack dagstr", "no pack is called 'dagstr'; did you mean 'dagster'?"),
            ("rules --for DagsterQueueStuk=5m", "did you mean 'DagsterQueueStuck'?"),
            ("rules --threshold DashFlowMetricsAbsent=3", "its value is not compared with a number"),
            ("rules --pack dagster-sizing --threshold DagsterScaleTierMedium=3", "more than one number: 100, 1000"),
            ("prometheusrule --namespace Monitoring", "cannot be a namespace"),
            ("servicemonitor --port 10061", "--port: expected the name of a port"),
        ]
        for words, said in rows:
            with self.subTest(words), harness.temporary_folder() as folder:
                done = subprocess.run([harness.tocsin_binary, "generate", *words.split(), "-o", folder / "x"], text=True,
                                      capture_output=True, timeout=60, check=False)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(said, done.stderr)
                self.assertFalse((folder / "x").exists())
