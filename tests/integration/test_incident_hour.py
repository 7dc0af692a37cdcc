"""An hour of incidents, told to tocsin's rule engine and to Prometheus' own: the same alerts, at the same moments."""
import collections
import functools
import json
import math
import pathlib
import re
import subprocess
import tempfile
import time

import yaml

import harness
import incidents
import remote_write
from tocsin import Tocsin

# Those that ask for the alerts of others last.
PACKS = sorted((harness.ROOT / "alerts").glob("*.yaml"), key=lambda pack: (
    pack.stem in ("containers", "tocsin"), pack.name))
# Samples lie between evaluations, so that no window begins or ends with one.
SAMPLE_SECONDS = 5
# How both begin to tell that an expectation is not met, and how they write alerts and series that they found instead.
FINDING = re.compile(r'^    (?:alertname: |expr: ")(?P<what>.+?)"?, time: (?P<at>\w+),', re.MULTILINE)
TEXT = r'"(?:[^"\\]|\\.)*"'
ALERT = re.compile(r"Labels:(\{.*\})\s+Annotations:(\{.*\})")
SERIES = re.compile(r"(?P<name>[\w:]*)(?P<labels>\{(?:[^{}\"]|" + TEXT + r")*\}) (?P<value>[-+.\w]+)")
LABEL = re.compile(rf"(\w+)=({TEXT})")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
RECORDED = '{__name__=~".+:.+"}'


def groups_of(pack):
    return yaml.safe_load(pack.read_text(encoding="utf-8"))["groups"]


def rules_of(packs):
    return [rule for pack in packs for group in groups_of(pack) for rule in group["rules"]]


def values(value_at):
    """A series in the notation of rule tests: 5 s apart, but one sample in 15 s."""
    words, gone = [], True
    for minute in range(incidents.MINUTES):
        for second in range(0, 60, incidents.STEP_SECONDS):
            value = value_at(minute, second + SAMPLE_SECONDS, minute * 60 + second + SAMPLE_SECONDS)
            words += ["_", ("_" if gone else "stale") if value is None else incidents.number(value), "_"]
            gone = value is None
    return " ".join(words)


def seconds_of(duration):
    """Of a duration such as 1h2m3s."""
    return sum(int(count) * {"h": 3600, "m": 60, "s": 1}[unit] for count, unit in re.findall(r"(\d+)([hms])", duration))


def unit_test(packs):
    """Asks for each alert and for what was recorded once a minute, for ALERTS four times, and expects nothing."""
    moments = range(0, incidents.MINUTES * 60 + 1, incidents.STEP_SECONDS)
    minutes = [at for at in moments if at % 60 == 0]
    alerts = [rule["alert"] for rule in rules_of(packs) if "alert" in rule]
    return {"rule_files": [str(pack) for pack in packs], "evaluation_interval": f"{incidents.STEP_SECONDS}s",
            "group_eval_order": [group["name"] for pack in packs for group in groups_of(pack)], "tests": [{
        "interval": f"{SAMPLE_SECONDS}s",
        "input_series": [{"series": incidents.selector(name, labels), "values": values(value_at)}
                         for name, labels, value_at in incidents.Hour().series],
        "alert_rule_test": [{"eval_time": f"{at}s", "alertname": alert} for at in minutes for alert in alerts],
        "promql_expr_test": [{"eval_time": f"{at}s", "expr": expr}
                             for expr, when in (("ALERTS", moments), (RECORDED, minutes)) for at in when]}]}


def findings(program, packs):
    """{(what was asked, seconds): what was there}; only where something was."""
    with tempfile.TemporaryDirectory(prefix="tocsin-test-") as folder:
        file = pathlib.Path(folder) / "hour.json"  # JSON is YAML.
        file.write_text(json.dumps(unit_test(packs)), encoding="utf-8")
        done = subprocess.run([program, "test", "rules", file], text=True, capture_output=True, check=False)
    text = done.stdout + done.stderr
    found = {}
    heads = list(FINDING.finditer(text))
    for head, following in zip(heads, [*heads[1:], None]):
        body = text[head.end():following.start() if following else len(text)]
        what = head["what"].replace('\\"', '"')
        found[what, seconds_of(head["at"])] = sorted(things(what, body))
    if done.returncode != 1 or not found:
        raise AssertionError(f"{program} exits with {done.returncode}: {text[-2000:]}")
    return found


def things(what, body):
    """Alerts as (labels, annotations), samples as (labels, value)."""
    if re.fullmatch(r"\w+", what) and what != "ALERTS":
        return [tuple(tuple(sorted(LABEL.findall(part))) for part in alert) for alert in ALERT.findall(body)]
    return [(tuple(sorted([*LABEL.findall(labels), *([("__name__", f'"{name}"')] if name else [])])), float(value))
            for name, labels, value in SERIES.findall(body)]


def states(found):
    """{labels of an alert: {seconds: state}}, from the samples of ALERTS."""
    alerts = collections.defaultdict(dict)
    for (what, at), samples in found.items():
        for labels, _ in samples if what == "ALERTS" else []:
            rest = dict(labels)
            state = json.loads(rest.pop("alertstate"))
            alerts[tuple(sorted((name, json.loads(value)) for name, value in rest.items() if name != "__name__"))][
                at] = state
    return alerts


def same(thing, other):
    """But for what the order of summands makes of the last digits; Prometheus takes them in any order."""
    (labels, said), (other_labels, other_said) = thing, other
    if labels != other_labels:
        return False
    if isinstance(said, float):
        return math.isclose(said, other_said, rel_tol=1e-9)
    words, other_words = (NUMBER.split(str(each)) for each in (said, other_said))
    numbers, other_numbers = ([float(number) for number in NUMBER.findall(str(each))] for each in (said, other_said))
    return words == other_words and all(math.isclose(number, other_number, rel_tol=1.1e-3)  # They print four digits.
                                        for number, other_number in zip(numbers, other_numbers))


def differences(ours, theirs):
    """What only one of them has seen, as lines: the first few, in the order of time."""
    lines = []
    for what, at in sorted({*ours, *theirs}, key=lambda key: (key[1], key[0])):
        mine, other = (found.get((what, at), []) for found in (ours, theirs))
        if mine == other:
            continue
        lines += [f"{at} s, {what}: only tocsin: {thing}" for thing in mine
                  if not any(same(thing, each) for each in other)]
        lines += [f"{at} s, {what}: only Prometheus: {thing}" for thing in other
                  if not any(same(thing, each) for each in mine)]
    return lines[:5]


@functools.cache
def prometheus_findings():
    return findings(harness.need("promtool"), PACKS)


class IncidentHourTest(harness.TestCase):
    maxDiff = None

    def test_prometheus_sees_the_same_alerts_at_every_moment(self):
        ours, theirs = findings(harness.tocsin_binary, PACKS), prometheus_findings()
        self.assertEqual("\n".join(differences(ours, theirs)), "")
        asked = {what for what, _ in ours}
        self.assertIn("ALERTS", asked)
        self.assertIn(RECORDED, asked)

    def test_every_alert_fires_and_ends(self):
        alerts = states(prometheus_findings())
        wanted = {rule["alert"] for rule in rules_of(PACKS) if "alert" in rule}
        fired = {dict(labels)["alertname"] for labels, at in alerts.items() if "firing" in at.values()}
        self.assertEqual(wanted - fired, set(incidents.NOT_PLAYED))
        end = incidents.MINUTES * 60
        self.assertEqual([labels for labels, at in alerts.items() if end in at], [
            (("alertname", "Watchdog"), ("severity", "none"))])
        quiet = {dict(labels)["alertname"] for labels, at in alerts.items() if "firing" in [
            at.get(second) for second in range(0, incidents.QUIET_MINUTES * 60, incidents.STEP_SECONDS)]}
        self.assertEqual(quiet, {"Watchdog"})

    def test_the_incidents_are_told_in_their_order(self):
        told = {alert for alert, _, _ in incidents.STORY}
        lives = []
        for labels, at in states(prometheus_findings()).items():
            firing = [second for second, state in at.items() if state == "firing"]
            if firing and dict(labels)["alertname"] in told:
                ended = max(firing) + incidents.STEP_SECONDS
                lives.append((min(firing), dict(labels)["alertname"], ended))
        self.assertEqual([(alert, fires // 60, ends // 60) for fires, alert, ends in sorted(lives)], incidents.STORY)

    def test_a_change_of_fifteen_seconds_is_noticed(self):
        folder = self.enter(harness.temporary_folder())
        packs = []
        for pack in PACKS:
            text = pack.read_text(encoding="utf-8")
            if pack.name == "kailash.yaml":
                self.assertIn("for: 30s", text)
                text = text.replace("for: 30s", "for: 45s")
            (folder / pack.name).write_text(text, encoding="utf-8")
            packs.append(folder / pack.name)
        found = differences(findings(harness.tocsin_binary, packs), prometheus_findings())
        self.assertTrue(any("ALERTS" in each for each in found), found)

    def test_no_rule_fails_in_a_running_tocsin(self):
        """Amid the incidents, when nearly every operator of nearly every rule finds something on both of its sides."""
        packs = (harness.ROOT / "alerts").resolve()
        tocsin = self.enter(Tocsin(json.dumps({
            "global": {"evaluation_interval": "1s"}, "server": {"remote_write_receiver": True},
            "storage": {"path": ":memory:"}, "rule_files": [f"{packs}/*.yaml", f"{packs}/optional/*.yaml"]})))
        minute, now = incidents.MINUTES // 2, time.time()
        known = [(name, labels, value_at(minute, 0, now)) for name, labels, value_at in incidents.Hour().series]
        remote_write.write(tocsin.url, [({"__name__": name, **labels}, [(int(now * 1000), value)])
                                        for name, labels, value in known if value is not None])

        def groups():
            return json.loads(tocsin.get("/api/v1/rules").text)["data"]["groups"]

        harness.wait_for("an evaluation of every group", lambda: all(
            incidents.moment(group["lastEvaluation"]) > now for group in groups()))
        rules = [rule for group in groups() for rule in group["rules"]]
        self.assertEqual(len(rules), len(rules_of([*PACKS, *(harness.ROOT / "alerts" / "optional").glob("*.yaml")])))
        self.assertEqual([(rule["name"], rule["health"], rule.get("lastError")) for rule in rules
                          if rule["health"] != "ok"], [])
