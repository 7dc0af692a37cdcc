"""Who is told what, and in which order: tocsin beside a real Alertmanager with the same configuration and alerts."""
import collections
import dataclasses
import datetime
import json
import time

import alertmanager
import harness
from alertmanager import Alertmanager
from sink import HttpSink
from tocsin import Tocsin

# All cases run at the same time, below a root route that tells them apart by the label `case`. Each step ends with a
# pulse, an alert of which both have told: by then every group has been looked at since the step began.
WAIT, INTERVAL, PULSE_WAIT = "1s", "1s", "1250ms"

ALWAYS = {"name": "always", "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}]}
NEVER = {"name": "never", "time_intervals": [{"years": ["1990:1991"]}]}
# The same day everywhere, or the day before, or the day after: with a zone, and with negative days.
EVERY_DAY = {"name": "every day", "time_intervals": [
    {"weekdays": ["monday:saturday"], "location": "Pacific/Auckland"},
    {"weekdays": ["sunday"], "days_of_month": ["1:-1"], "months": ["january:december"], "location": "Pacific/Auckland"}]}


@dataclasses.dataclass(frozen=True)
class Step:
    """Alerts that begin or end, "A team=x" being alertname="A", team="x"; and how many notifications there have been
    when it is over."""
    told: int
    fire: tuple = ()
    resolve: tuple = ()
    silence: str = ""
    unsilence: bool = False


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    route: dict
    steps: list
    receivers: dict = dataclasses.field(default_factory=lambda: {"r": [{}]})  # Options of each webhook.
    inhibit: tuple = ()
    repeats: bool = False  # The same again, nobody knows how often.


CASES = [
    Case("one group", {"receiver": "r"}, [
        Step(1, fire=("A", "B x=1")), Step(2, resolve=("A",)), Step(3, resolve=("B x=1",)), Step(4, fire=("A",))]),
    Case("groups by labels", {"receiver": "r", "group_by": ["alertname", "x"]}, [
        Step(3, fire=("A x=1 y=1", "A x=1 y=2", "A x=2 y=1", "B")),
        Step(5, fire=("A x=2 y=2", "B y=1")), Step(6, resolve=("A x=1 y=1", "A x=1 y=2"))]),
    Case("groups by all", {"receiver": "r", "group_by": ["..."]}, [
        Step(3, fire=("A", "A x=1", "B x=1")), Step(4, resolve=("A x=1",)), Step(6, resolve=("A", "B x=1"))]),
    Case("nested", {"receiver": "r", "group_by": ["alertname"], "routes": [
        {"matchers": ['team = "x"'], "receiver": "x", "continue": True, "routes": [
            {"matchers": ['severity=~"page|critical"'], "receiver": "pager", "group_by": ["team"]},
            {"match": {"severity": "none"}, "receiver": "none"}]},
        {"match_re": {"team": "x|y"}, "receiver": "xy", "routes": [{"matchers": ["severity!=page"]}]},
        {"matchers": ["severity!~page|critical", 'y=""'], "continue": True, "receiver": "calm"},
        {"matchers": ["team=z"], "group_by": ["team", "severity"]}]}, [
            Step(4, fire=("A team=x severity=page", "A team=x severity=info")),
            Step(6, fire=("B team=y severity=page", "B team=z severity=page")),
            Step(11, fire=("C", "C team=z", "C y=1"), resolve=("A team=x severity=page",)),
            Step(12, fire=("D team=x severity=none",))],
         {"r": [{}], "x": [{}], "pager": [{}], "none": [], "xy": [{}], "calm": [{}]}),
    Case("inhibited", {"receiver": "r", "group_by": ["alertname"]}, [
        Step(2, fire=("Source x=1", "Target x=1", "Target x=2")),
        Step(4, resolve=("Source x=1",)), Step(4),
        Step(5, fire=("Both x=1 kind=source",)), Step(6, fire=("Target x=1 kind=source",))],
         inhibit=({"source_matchers": ["alertname=Source"], "target_matchers": ["alertname=Target"], "equal": ["x"]},
                  {"source_match": {"kind": "source"}, "target_match_re": {"kind": "sou.*"}, "equal": ["nothing"]})),
    Case("muted", {"receiver": "r", "routes": [
        {"matchers": ["mute=always"], "mute_time_intervals": ["never", "always"], "routes": [{"matchers": ["x=1"]}]},
        {"matchers": ["mute=never"], "mute_time_intervals": ["never"]},
        {"matchers": ["active=always"], "active_time_intervals": ["never", "every day"]},
        {"matchers": ["active=never"], "active_time_intervals": ["never"]}]}, [
            Step(3, fire=("A mute=always", "A mute=always x=1", "A mute=never", "A active=always", "A active=never")),
            Step(5, resolve=("A mute=always", "A mute=never", "A active=always", "A active=never"))]),
    Case("some hear of no end", {"receiver": "r", "group_by": ["alertname"]}, [
        Step(3, fire=("A", "A x=1")), Step(5, resolve=("A",)), Step(7, resolve=("A x=1",)),
        Step(10, fire=("A",))],
         {"r": [{"send_resolved": True}, {"send_resolved": False}, {"send_resolved": True, "max_alerts": 1}]}),
    Case("nobody hears of an end", {"receiver": "r"}, [
        Step(1, fire=("A", "A x=1")), Step(1, resolve=("A",)), Step(1, resolve=("A x=1",)), Step(2, fire=("A",)),
        Step(3, fire=("A x=1",))],
         {"r": [{"send_resolved": False}]}),
    Case("cut", {"receiver": "r"}, [Step(1, fire=("A x=1", "A x=2", "A x=3"))], {"r": [{"max_alerts": 2}]}),
    Case("silenced", {"receiver": "r", "group_by": ["alertname"]}, [
        Step(1, fire=("A", "B"), silence="A"), Step(1, resolve=("A",)), Step(1, fire=("A",)),
        Step(2, unsilence=True), Step(3, resolve=("A",))]),
    Case("repeated", {"receiver": "r", "repeat_interval": "1500ms"}, [
        Step(1, fire=("A",)), Step(1), Step(2), Step(2), Step(3, resolve=("A",))], repeats=True),
]


class Alerts:
    """The alerts of a case, with the times that they were given."""

    def __init__(self, case):
        self._case = case
        self._starts = {}

    def labels(self, text):
        name, *pairs = text.split()
        return {"alertname": name, "case": self._case, **dict(pair.split("=") for pair in pairs)}

    def begin(self, text, now):
        self._starts[text] = alertmanager.timestamp(now)
        return self._alert(text)

    def end(self, text, now):
        return {**self._alert(text), "endsAt": alertmanager.timestamp(now)}

    def _alert(self, text):
        labels = self.labels(text)
        return {"labels": labels, "startsAt": self._starts[text], "generatorURL": "http://prometheus/graph?g0.expr=a",
                "annotations": {"summary": f"{text} & more", "runbook": "http://runbook"}}


def webhooks(case, receiver, options, url):
    name = f"{case.name} {receiver}"
    return {"name": name, "webhook_configs": [
        {"url": f"{url}/{case.name}/{receiver}/{i}".replace(" ", "-"), **each} for i, each in enumerate(options)]}


def named(case, route):
    """The route with receivers' names that no other case has."""
    route = dict(route)
    if "receiver" in route:
        route["receiver"] = f"{case.name} {route['receiver']}"
    if "routes" in route:
        route["routes"] = [named(case, child) for child in route["routes"]]
    return route


def inhibition(case, rule):
    """The rule, for alerts of that case only: both sides have to have that label."""
    return {**rule, "equal": [*rule["equal"], "case"]}


def configuration(url):
    """An alertmanager.yml. JSON is YAML."""
    return json.dumps({
        "route": {"receiver": "pulse", "repeat_interval": "1h", "routes": [
            {"matchers": ['pulse!=""'], "group_by": ["pulse"], "group_wait": PULSE_WAIT, "group_interval": "1h"},
            *({"matchers": [f'case="{case.name}"'], "group_wait": WAIT, "group_interval": INTERVAL,
               **named(case, case.route)} for case in CASES)]},
        "receivers": [{"name": "pulse", "webhook_configs": [{"url": f"{url}/pulse"}]},
                      *(webhooks(case, name, options, url) for case in CASES
                        for name, options in case.receivers.items())],
        "inhibit_rules": [inhibition(case, rule) for case in CASES for rule in case.inhibit],
        "time_intervals": [ALWAYS, NEVER, EVERY_DAY]})


def moment(text):
    """Seconds; both write times with as many digits as they like. Go's zero time is 0."""
    if text.startswith("0001-"):
        return 0
    whole, _, fraction = text.removesuffix("Z").partition(".")
    at = datetime.datetime.fromisoformat(whole + "+00:00").timestamp()
    return at + int(f"{fraction or 0:0<3}"[:3]) / 1000  # tocsin knows milliseconds.


def content(body):
    """What a notification says, of all that Alertmanager says, but for its own address."""
    alerts = [{**alert, "startsAt": moment(alert["startsAt"]), "endsAt": moment(alert["endsAt"])}
              for alert in body["alerts"]]
    return {**{key: body[key] for key in ("version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels",
                                          "commonLabels", "commonAnnotations")},
            "alerts": [{key: alert[key] for key in ("status", "labels", "annotations", "startsAt", "endsAt",
                                                    "generatorURL", "fingerprint")}
                       for alert in sorted(alerts, key=lambda alert: alert["fingerprint"])]}


class Told:
    """What both have told, by the case and whom."""

    def __init__(self, sink):
        self._sink = sink

    def _requests(self, sender, path):
        return [request for request in self._sink.requests() if request.path.startswith(f"/{path.replace(' ', '-')}")
                and request.headers["user-agent"].lower().startswith(sender)]

    def count(self, sender, path):
        return len(self._requests(sender, path))

    def sequences(self, sender, case):
        """{(receiver, group): what was told of it, in order}"""
        told = collections.defaultdict(list)
        for request in self._requests(sender, f"{case.name}/"):
            body = request.json()
            told[request.path, body["groupKey"]].append(content(body))
        if case.repeats:
            return {key: [each for each, before in zip(bodies, [None, *bodies]) if each != before]
                    for key, bodies in told.items()}
        return dict(told)


SENDERS = ("alertmanager", "tocsin")


class RoutingTest(harness.TestCase):
    maxDiff = None

    def setUp(self):
        sink = self.enter(HttpSink())
        self.told = Told(sink)
        text = configuration(sink.url)
        tocsin = Tocsin('notify: {config_file: alertmanager.yml}\nstorage: {path: state}\n')
        (tocsin.folder / "alertmanager.yml").write_text(text, encoding="utf-8")
        self.urls = {"alertmanager": self.enter(Alertmanager(text)).url, "tocsin": self.enter(tocsin).url}

    def test_alertmanager_tells_the_same(self):
        self.run_steps()
        for case in CASES:
            theirs, ours = (self.told.sequences(sender, case) for sender in SENDERS)
            with self.subTest(case=case.name):
                self.assertEqual(ours, theirs)
                self.assertTrue(theirs)

    def run_steps(self):
        alerts = {case.name: Alerts(case.name) for case in CASES}
        silences = {}
        for number in range(max(len(case.steps) for case in CASES)):
            steps = [(case, case.steps[number]) for case in CASES if number < len(case.steps)]
            now = time.time()
            for case, step in steps:
                self.change_silences(case, step, silences, alerts[case.name], now)
            posts = [post for case, step in steps for post in (
                *(alerts[case.name].begin(text, now) for text in step.fire),
                *(alerts[case.name].end(text, now) for text in step.resolve))]
            posts.append({"labels": {"pulse": str(number)}, "startsAt": alertmanager.timestamp(now)})
            for url in self.urls.values():
                alertmanager.post_alerts(url, posts)
            for sender in SENDERS:
                for case, step in [*steps, (Case("pulse", {}, []), Step(number + 1))]:
                    harness.wait_for(f"{step.told} notifications of {sender} in {case.name}, step {number}",
                                     lambda s=sender, c=case, n=step.told: self.told.count(s, c.name) >= n, 15)

    def change_silences(self, case, step, silences, alerts, now):
        for sender, url in self.urls.items():
            if step.silence:
                silences[sender, case.name] = alertmanager.post_silence(
                    url, now, now + 3600, **alerts.labels(step.silence))
            if step.unsilence:
                alertmanager.call(url, "DELETE", f"silence/{silences[sender, case.name]}")
