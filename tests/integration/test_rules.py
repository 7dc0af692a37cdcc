"""Rules in the real process: what fires, who is told, what survives, and that a real Prometheus says the same."""
import contextlib
import datetime
import json
import pathlib
import re
import signal
import sqlite3
import subprocess
import threading
import time
import urllib.parse

import harness
import remote_write
from alertmanager import Alertmanager, Sink
from prometheus import Prometheus
from tocsin import Tocsin

CONFIG = """
global: {{evaluation_interval: 1s, external_labels: {{cluster: c}}}}
server: {{remote_write_receiver: true}}
storage: {{path: state}}
rule_files: [rules.yml]
rules: {{resend_delay: 2s, expose: {expose}}}
notify: {{alertmanagers: [{{url: "{url}"}}]}}
"""

RULES = """
groups:
  - name: g
    interval: 1s
    rules:
      - record: job:load:max
        expr: max by (job) (load)
      - alert: HighLoad
        expr: job:load:max > 10
        for: 2s
        labels: {severity: page}
        annotations: {summary: "{{ $labels.job }} in {{ $externalLabels.cluster }}: {{ $value | humanize }}"}
      - alert: Down
        expr: load == 0
        annotations: {summary: "{{ $labels.instance }} is down"}
      - alert: Flapping
        expr: load > 100
        keep_firing_for: 3s
"""


class Feeder:
    """Writes the value that load(instance) has now for each instance, several times a second, to all servers."""

    def __init__(self, urls, instances):
        self.urls = urls
        self._stop = threading.Event()
        self.values = dict.fromkeys(instances, 1.0)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.wait(0.2):  # The rhythm of the samples.
            at = int(time.time() * 1000)
            series = [({"__name__": "load", "instance": instance, "job": "app"}, [(at, value)])
                      for instance, value in list(self.values.items())]
            for url in self.urls:
                try:
                    remote_write.write(url, series)
                except OSError:
                    pass  # It is being restarted.


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")[:19] + "+00:00").timestamp()


def told(alert):
    """What an alert says, without its times."""
    return (tuple(sorted(alert["labels"].items())), tuple(sorted(alert.get("annotations", {}).items())))


class RulesTest(harness.TestCase):
    def start(self, url, expose="true"):
        tocsin = Tocsin(CONFIG.format(url=url, expose=expose))
        (tocsin.folder / "rules.yml").write_text(RULES, encoding="utf-8")
        return self.enter(tocsin)

    def api(self, tocsin, path):
        answer = json.loads(tocsin.get(path).text)
        self.assertEqual(answer["status"], "success", answer)
        return answer["data"]

    def alerts(self, tocsin, name, state):
        return [alert for alert in self.api(tocsin, "/api/v1/alerts")["alerts"]
                if alert["labels"]["alertname"] == name and alert["state"] == state]

    def test_an_alert_fires_is_told_and_resolves(self):
        sink = self.enter(Sink())
        tocsin = self.start(f"http://{sink.address}/tocsin")
        feeder = self.enter(Feeder([tocsin.url], ["a", "b"]))
        harness.wait_for("a recorded series", lambda: self.api(
            tocsin, "/api/v1/query?query=job:load:max")["result"])
        self.assertEqual(sink.posted("tocsin"), [])
        feeder.values["a"] = 50.0
        harness.wait_for("a pending alert", lambda: self.alerts(tocsin, "HighLoad", "pending"))
        fired = harness.wait_for("a firing alert", lambda: self.alerts(tocsin, "HighLoad", "firing"))
        self.assertEqual(fired[0]["annotations"], {"summary": "app in c: 50"})
        post = harness.wait_for("a post", lambda: sink.posted("tocsin", "HighLoad"))[0]
        self.assertEqual(post["labels"], {"alertname": "HighLoad", "cluster": "c", "job": "app", "severity": "page"})
        self.assertTrue(post["generatorURL"].startswith(tocsin.url + "/graph?g0.expr=job%3Aload%3Amax"), post)
        # The same is in the store, on /metrics, and for others to federate.
        page = tocsin.wait_until("ALERTS on /metrics", lambda page: page.value(
            "ALERTS", alertname="HighLoad", alertstate="firing", job="app", severity="page") == 1)
        self.assertEqual(page.value("job:load:max", job="app"), 50)
        federated = tocsin.get("/federate?" + urllib.parse.urlencode({"match[]": 'ALERTS{alertstate="firing"}'})).text
        self.assertIn('ALERTS{alertname="HighLoad",alertstate="firing",job="app",severity="page",cluster="c",'
                      'instance=""} 1 ', federated)
        groups = self.api(tocsin, "/api/v1/rules?type=alert")["groups"]
        self.assertEqual([rule["state"] for rule in groups[0]["rules"]], ["firing", "inactive", "inactive"])
        self.assertEqual({rule["health"] for rule in groups[0]["rules"]}, {"ok"})
        feeder.values["a"] = 5.0
        harness.wait_for("no alert", lambda: not self.api(tocsin, "/api/v1/alerts")["alerts"])
        harness.wait_for("the resolution", lambda: moment(sink.posted("tocsin", "HighLoad")[-1]["endsAt"]) <= time.time())
        events = self.api(tocsin, "/api/v1/tocsin/events?" + urllib.parse.urlencode(
            {"match[]": '{alertname="HighLoad"}'}))["events"]
        self.assertEqual([event["kind"] for event in events], ["resolved", "firing", "pending"])
        self.assertEqual(events[0]["value"], "5")
        page, group = tocsin.page(), f"{tocsin.folder}/rules.yml;g"
        self.assertGreater(page.value("tocsin_rule_evaluations_total", rule_group=group), 0)
        self.assertEqual(page.value("tocsin_rule_evaluation_failures_total", rule_group=group), 0)

    def on_disk(self, tocsin, rule):
        """The states of a rule's alerts, as somebody with a shell sees them."""
        path = tocsin.folder / "state" / "alerts.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return [state for state, in database.execute("SELECT state FROM alerts WHERE rule = ?", (rule,))]

    def test_a_kill_loses_no_alert_and_tells_none_anew(self):
        sink = self.enter(Sink())
        tocsin = self.start(f"http://{sink.address}/tocsin")
        feeder = self.enter(Feeder([tocsin.url], ["a"]))
        feeder.values["a"] = 50.0
        fired = harness.wait_for("a firing alert", lambda: self.alerts(tocsin, "HighLoad", "firing"))
        before = harness.wait_for("a post", lambda: sink.posted("tocsin", "HighLoad"))[0]
        # Not by the API, which knows of events before they are on disk.
        harness.wait_for("the alert on disk", lambda: self.on_disk(tocsin, "HighLoad") == ["firing"])
        posts_before = len(sink.posted("tocsin"))
        tocsin.restart(signal.SIGKILL)
        feeder.urls[:] = [tocsin.url]  # Another port.
        again = harness.wait_for("the alert", lambda: self.alerts(tocsin, "HighLoad", "firing"))
        self.assertEqual(again[0]["activeAt"], fired[0]["activeAt"])
        after = harness.wait_for("a post after the restart", lambda: sink.posted("tocsin")[posts_before:])
        self.assertEqual({post["startsAt"] for post in after if post["labels"]["alertname"] == "HighLoad"},
                         {before["startsAt"]})
        kinds = [event["kind"] for event in self.api(tocsin, "/api/v1/tocsin/events")["events"]]
        self.assertEqual(kinds.count("firing"), 1, kinds)
        self.assertEqual(kinds.count("resolved"), 0, kinds)

    def test_an_alertmanager_takes_them(self):
        alertmanager = self.enter(Alertmanager())
        tocsin = self.start(alertmanager.url)
        feeder = self.enter(Feeder([tocsin.url], ["a"]))
        feeder.values["a"] = 0.0
        alert = harness.wait_for("the alert", alertmanager.alerts)[0]
        self.assertEqual(alert["labels"], {"alertname": "Down", "cluster": "c", "instance": "a", "job": "app"})
        self.assertEqual(alert["annotations"], {"summary": "a is down"})

    def test_a_reload_takes_over_and_refuses_mistakes(self):
        sink = self.enter(Sink())
        tocsin = self.start(f"http://{sink.address}/tocsin")
        feeder = self.enter(Feeder([tocsin.url], ["a"]))
        feeder.values["a"] = 50.0
        fired = harness.wait_for("a firing alert", lambda: self.alerts(tocsin, "HighLoad", "firing"))
        rules = tocsin.folder / "rules.yml"
        rules.write_text(RULES.replace("> 10", "> > 10"), encoding="utf-8")
        answer = tocsin.reload()
        self.assertEqual(answer.status, 400)
        self.assertIn("rules.yml:9:", answer.text)
        self.assertIn('rule 2, "HighLoad"', answer.text)
        rules.write_text(RULES.replace("> 10", "> 20"), encoding="utf-8")
        self.assertEqual(tocsin.reload().status, 200)
        harness.wait_for("the new expression", lambda: [rule for group in self.api(
            tocsin, "/api/v1/rules")["groups"] for rule in group["rules"] if rule["query"] == "job:load:max > 20"])
        self.assertEqual(self.alerts(tocsin, "HighLoad", "firing")[0]["activeAt"], fired[0]["activeAt"])

    def test_prometheus_raises_the_same_alerts(self):
        sink = self.enter(Sink())
        # The Prometheus scrapes tocsin, and would evaluate what tocsin has recorded, too.
        tocsin = self.start(f"http://{sink.address}/tocsin", expose="false")
        rules = tocsin.folder / "rules.yml"
        prometheus = self.enter(Prometheus(tocsin.url.removeprefix("http://"), more=(
            f"rule_files: ['{rules}']\n"
            f"alerting: {{alertmanagers: [{{path_prefix: /prometheus, api_version: v2, static_configs: "
            f"[{{targets: ['{sink.address}']}}]}}]}}\n"), external_labels={"cluster": "c"}, arguments=[
                "--web.enable-remote-write-receiver", "--rules.alert.resend-delay=2s"]))
        feeder = self.enter(Feeder([tocsin.url, prometheus.url], ["a", "b"]))
        both = ("tocsin", "prometheus")

        def all_told(name, **labels):
            def last(sender):
                posts = [post for post in sink.posted(sender, name)
                         if labels.items() <= post["labels"].items()]
                return posts[-1] if posts else None
            return all(last(sender) for sender in both) and [last(sender) for sender in both]

        def all_resolved(name):
            posts = all_told(name)
            return posts and all(moment(post["endsAt"]) <= time.time() for post in posts)

        feeder.values.update(a=50.0)
        harness.wait_for("HighLoad from both", lambda: all_told("HighLoad"))
        feeder.values.update(b=0.0)
        harness.wait_for("Down from both", lambda: all_told("Down", instance="b"))
        feeder.values.update(a=200.0, b=1.0)
        harness.wait_for("Flapping from both", lambda: all_told("Flapping", instance="a"))
        harness.wait_for("Down to be resolved", lambda: all_resolved("Down"))
        feeder.values.update(a=2.0)
        for name in ("HighLoad", "Flapping"):
            harness.wait_for(f"{name} to be resolved", lambda name=name: all_resolved(name))

        for name in ("HighLoad", "Down", "Flapping"):
            with self.subTest(alert=name):
                ours, theirs = (self.lives(sink.posted(sender, name)) for sender in both)
                self.assertEqual([labels for labels, *_ in ours], [labels for labels, *_ in theirs])
                for (_, mine_start, mine_end), (_, start, end) in zip(ours, theirs):
                    # Each has slots of its own within a second, and times are cut to seconds here.
                    self.assertLessEqual(abs(mine_start - start), 2)
                    self.assertLessEqual(abs(mine_end - end), 2)
        # Annotations differ only in values that one of them has not seen: at rest they are the same.
        last = [{told(post)[0]: told(post)[1] for post in sink.posted(sender, "Down")} for sender in both]
        self.assertEqual(*last)

    def lives(self, posts):
        """[(labels, start, end)] of each alert, from first post to resolution, in order."""
        lives = {}
        for post in posts:
            key = (told(post)[0], moment(post["startsAt"]))
            lives[key] = moment(post["endsAt"])
        return sorted((labels, start, end) for (labels, start), end in lives.items())


TESTS = """
rule_files: [rules.yml]
evaluation_interval: 1s
group_eval_order: [g]
tests:
  - interval: 1s
    external_labels: {cluster: c}
    input_series:
      - {series: 'load{job="app",instance="a"}', values: '1 50x20'}
      - {series: 'load{job="app",instance="b"}', values: '1 1 0 1 1 _x16'}
    alert_rule_test:
      - {eval_time: 2s, alertname: HighLoad}
      - eval_time: %(fires)s
        alertname: HighLoad
        exp_alerts:
          - exp_labels: {job: app, severity: page}
            exp_annotations: {summary: "app in c: %(value)s"}
      - eval_time: 2s
        alertname: Down
        exp_alerts:
          - {exp_labels: {job: app, instance: b}, exp_annotations: {summary: b is down}}
    promql_expr_test:
      - expr: job:load:max
        eval_time: 3s
        exp_samples: [{labels: 'job:load:max{job="%(job)s"}', value: 50}]
"""


class RuleTestsTest(harness.TestCase):
    def verdicts(self, folder, text):
        (folder / "rules.yml").write_text(RULES, encoding="utf-8")
        (folder / "test.yml").write_text(text, encoding="utf-8")
        commands = ([harness.need("promtool")], [harness.tocsin_binary])
        return [subprocess.run([*command, "test", "rules", folder / "test.yml"], text=True, capture_output=True,
                               check=False, timeout=harness.PATIENCE_SECONDS) for command in commands]

    def test_promtool_gives_the_same_verdicts(self):
        good = {"fires": "3s", "value": "50", "job": "app"}
        cases = [({}, 0), ({"fires": "1s"}, 1), ({"value": "51"}, 1), ({"job": "other"}, 1)]
        for change, status in cases:
            with self.subTest(change=change):
                folder = self.enter(harness.temporary_folder())
                promtool, tocsin = self.verdicts(folder, TESTS % (good | change))
                self.assertEqual(promtool.returncode, status, promtool.stdout + promtool.stderr)
                self.assertEqual(tocsin.returncode, status, tocsin.stdout + tocsin.stderr)

    def test_every_rule_file_is_accepted(self):
        folder = harness.ROOT.parent / "shared" / "rulefiles"
        files = sorted(path for path in pathlib.Path(folder).glob("*.y*ml")) if folder.is_dir() else []
        if not files:
            self.skipTest(f"{folder} is not there")
        done = subprocess.run([harness.tocsin_binary, "check", "rules", "--lint=none", *files], text=True,
                              capture_output=True, check=False, timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertEqual(done.stdout.count("SUCCESS"), len(files), done.stdout)

    def replay(self, folder, *what, given="metrics.txt"):
        """The alerts over a file, or over what a server has."""
        source = ["--input", given] if given else []
        done = subprocess.run([harness.tocsin_binary, "replay", *what, *source, "-o", "json"], text=True,
                              capture_output=True, check=False, cwd=folder, timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["alerts"]

    def test_a_replay_tells_what_would_have_fired(self):
        folder = self.enter(harness.temporary_folder())
        (folder / "rules.yml").write_text(RULES, encoding="utf-8")
        lines = ["# TYPE load gauge"]
        for second in range(1000, 1031):
            lines.append(f'load{{job="app",instance="a"}} {50 if 1010 <= second < 1020 else 1} {second}')
        (folder / "metrics.txt").write_text("\n".join(lines) + "\n# EOF\n", encoding="utf-8")
        alerts = self.replay(folder, "--rules", "rules.yml")
        self.assertEqual([alert["labels"]["alertname"] for alert in alerts], ["HighLoad"])
        start = moment(alerts[0]["activeAt"])
        self.assertIn(start, (1010, 1011))
        self.assertEqual(moment(alerts[0]["firedAt"]), start + 2)
        self.assertIn(moment(alerts[0]["endedAt"]), (1020, 1021))

    def test_a_replay_of_a_configuration_keeps_to_its_policies(self):
        folder = self.enter(harness.temporary_folder())
        rules = {"groups": [{"name": "g", "interval": "1s", "rules": [
            {"alert": "High", "expr": "load > 10"}, {"alert": "Off", "expr": "load > 10"}]}]}
        config = {"storage": {"path": ":memory:"}, "global": {"external_labels": {"zone": "z"}},
                  "rule_files": ["rules.yml"], "rule_policies": [
                      {"alert": "High", "resolve_expr": "calm == 1", "labels": {"severity": "critical"}},
                      {"alert": "Off", "enabled": False}]}
        for name, content in (("rules.yml", rules), ("tocsin.yaml", config)):
            (folder / name).write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML.
        lines = ["# TYPE load gauge", *(f"load {50 if 10 <= second < 15 else 1} {1000 + second}" for second in range(31)),
                 "# TYPE calm gauge", *(f"calm {1 if second >= 25 else 0} {1000 + second}" for second in range(31))]
        (folder / "metrics.txt").write_text("\n".join(lines) + "\n# EOF\n", encoding="utf-8")
        alerts = self.replay(folder, "--config", "tocsin.yaml")
        self.assertEqual([alert["labels"] for alert in alerts], [{"alertname": "High", "severity": "critical"}])
        self.assertIn(moment(alerts[0]["firedAt"]), (1010, 1011))
        # It resolves when `calm` says so, not when the load has gone.
        self.assertIn(moment(alerts[0]["endedAt"]), (1025, 1026))

    def test_rules_are_tested_under_the_policies_of_a_configuration(self):
        folder = self.enter(harness.temporary_folder())
        rules = {"groups": [{"name": "g", "rules": [{"alert": name, "expr": "load > 10"} for name in ("High", "Off")]}]}
        tests = {"rule_files": ["rules.yml"], "tests": [{
            "interval": "1m", "input_series": [{"series": "load", "values": "50x10"}],
            "alert_rule_test": [
                {"eval_time": "5m", "alertname": "High", "exp_alerts": [{"exp_labels": {"severity": "critical"}}]},
                {"eval_time": "5m", "alertname": "Off", "exp_alerts": []}]}]}
        config = {"storage": {"path": ":memory:"}, "rule_files": ["rules.yml"], "rule_policies": [
            {"alert": "High", "labels": {"severity": "critical"}}, {"alert": "Off", "enabled": False}]}

        def verdict(config, *flags):
            for name, content in (("rules.yml", rules), ("tests.yml", tests), ("tocsin.yaml", config)):
                (folder / name).write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML.
            done = subprocess.run([harness.tocsin_binary, "test", "rules", *flags, "tests.yml"], cwd=folder, text=True,
                                  capture_output=True, check=False)
            return done.returncode, done.stderr

        self.assertEqual(verdict(config), (1, ""))  # As the file says them, both fire, and without a label.
        self.assertEqual(verdict(config, "--config", "tocsin.yaml"), (0, ""))
        config["rule_policies"].append({"alert": "Hihg", "for": "1h"})
        status, said = verdict(config, "--config", "tocsin.yaml")
        self.assertEqual((status, "warning: this policy matches no rule" in said), (0, True), said)
        config["rule_policies"].append({"alert": "High", "fro": "1h"})
        status, said = verdict(config, "--config", "tocsin.yaml")
        self.assertEqual(status, 1)
        self.assertRegex(said, r'^tocsin.yaml:1:\d+: .*unknown key "fro"')

    def test_a_replay_asks_a_server_for_hours(self):
        """Hour by hour, as far back as rules look and as the offset of their group reaches."""
        config = {"server": {"remote_write_receiver": True}, "storage": {"path": ":memory:", "retention": 0}}
        prometheus = Prometheus("127.0.0.1:9", arguments=["--web.enable-remote-write-receiver"])
        servers = [self.enter(Tocsin(json.dumps(config))), self.enter(prometheus)]  # JSON is YAML.
        end = int(time.time())
        times = range(end - 3 * 3600, end + 1, 30)
        load = [(at * 1000, 50.0 if end - 5400 <= at < end - 4800 else 1.0) for at in times]
        rules = {"groups": [{"name": "g", "rules": [
            {"alert": "High", "expr": "load > 10"}, {"alert": "Gone", "expr": "absent_over_time(load[90s])"},
            {"alert": "Seen", "expr": "count_over_time(load[1m]) > 100"},
            {"alert": "Lasts", "expr": "once"}]}]}
        replayed = {"global": {"evaluation_interval": "15s"}, "promql": {"lookback_delta": "40s"},
                    "rules": {"query_offset": "10m"}, "rule_files": ["rules.yml"], "storage": {"path": ":memory:"}}
        folder = self.enter(harness.temporary_folder())
        for name, content in (("rules.yml", rules), ("tocsin.yaml", replayed)):
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
        for server in servers:
            remote_write.write(server.url, [({"__name__": "load"}, load),
                                            ({"__name__": "once"}, [((end - 3600) * 1000, 1.0)])])
            alerts = {alert["rule"]: alert for alert in self.replay(
                folder, "--config", "tocsin.yaml", "--server", server.url, "--start", str(end - 7000),
                "--end", str(end - 30), given=None)}
            self.assertEqual(sorted(alerts), ["High", "Lasts"])
            fired = moment(alerts["High"]["firedAt"])
            self.assertLess(abs(fired - (end - 5400 + 600)), 31)
            lasted = moment(alerts["Lasts"]["endedAt"]) - moment(alerts["Lasts"]["firedAt"])
            self.assertLess(abs(lasted - 40), 16)

    def test_templates_of_public_rules_expand_as_in_prometheus(self):
        shared = harness.ROOT.parent / "shared" / "rulefiles"
        if not shared.is_dir():
            self.skipTest(f"{shared} is not there")
        rules = self.alerting_rules(shared)
        self.assertGreater(len(rules), 100)
        folder = self.enter(harness.temporary_folder())
        probes, series = [], []
        for i, rule in enumerate(rules):
            texts = {**rule["annotations"], **rule["labels"]}
            names = set(re.findall(r"abels\.([A-Za-z_][A-Za-z0-9_]*)", " ".join(texts.values())))
            labels = {name: f"{name} of {i}" for name in names - set(rule["labels"])}
            probes.append({"alert": f"Probe{i}", "expr": f"probe_{i}", "annotations": rule["annotations"],
                           "labels": rule["labels"]})
            inside = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
            series.append(f"probe_{i}{{{inside}}}")
        # JSON is YAML.
        (folder / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": probes}]}), encoding="utf-8")
        (folder / "metrics.txt").write_text("".join(f"{each} 4242.5 {at}\n" for each in series
                                                    for at in (0, 60_000)), encoding="utf-8")
        alerts = self.replay(folder, "--rules", "rules.yml")
        alerts = {alert["rule"]: alert for alert in alerts}
        self.assertEqual(len(alerts), len(rules))
        for alert in alerts.values():
            self.assertNotIn("<error expanding template", json.dumps(alert))
        expected = [{"eval_time": "1m", "alertname": name, "exp_alerts": [
            {"exp_labels": alert["labels"], "exp_annotations": alert["annotations"]}]}
            for name, alert in alerts.items()]
        test = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [{
            "interval": "1m", "input_series": [{"series": each, "values": "4242.5 4242.5"} for each in series],
            "alert_rule_test": expected}]}
        (folder / "test.yml").write_text(json.dumps(test), encoding="utf-8")
        done = subprocess.run([harness.need("promtool"), "test", "rules", folder / "test.yml"], text=True,
                              capture_output=True, check=False, timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 0, (done.stdout + done.stderr)[:4000])

    def alerting_rules(self, shared):
        """Those whose templates ask for no other series, nor for what only Prometheus 3 knows."""
        tocsin = self.enter(Tocsin(f'rule_files: ["{shared}/*.yml"]\nstorage: {{path: ":memory:"}}\n'))
        groups = json.loads(tocsin.get("/api/v1/rules?type=alert&exclude_alerts=true").text)["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return [rule for rule in rules
                if not re.search(r"\bquery\b|toDuration|urlQueryEscape|\bnow\b",
                                 " ".join([*rule["annotations"].values(), *rule["labels"].values()]))]
