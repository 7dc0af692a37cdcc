#!/usr/bin/env python3
"""incident_hour.py [--tocsin BINARY]: an hour of incidents in a minute and a half, before tocsin and a real Prometheus.

Both serve, take the same samples by remote write, evaluate the shipped rules, and tell the same sink. Then each alert
must have been pending, fired and ended in the same evaluation in both. Rules are sixty times faster in both: a minute
becomes a second in every duration, and rates per second are divided by as much. Where the machine is too busy for that
and evaluations are missed, the hour is played again, more slowly.

All samples are written before their time comes, so that no delay on the way decides what an evaluation sees. Each
engine evaluates at offsets of its own; series change on whole seconds only, so that these do not matter. Only rules
that look at what other groups have found can be one evaluation apart.
"""
import argparse
import collections
import contextlib
import json
import math
import pathlib
import re
import struct
import sys
import time

import yaml

import harness
import incidents
import remote_write
from alertmanager import Sink
from prometheus import Prometheus
from tocsin import Tocsin

# How long a minute takes, in the first attempt and in those after it.
MINUTE_MS = (1000, 2000, 4000)
# Parts of a minute at which there are samples: the first and the last show what it is, whatever the offset of a window.
SAMPLES_AT = (0, 0.25, 0.5, 0.75, 0.999)
# The samples of all minutes are on their way for so long.
AHEAD_SECONDS = 20
# Times are this old, more than they should be, so that none is exactly at a limit.
EARLIER_SECONDS = 0.5
SERIES_PER_REQUEST = 60
STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DURATION = re.compile(r"(\d+)(ms|[smhd])")

CONFIG = """
global: {{evaluation_interval: 1s}}
server: {{remote_write_receiver: true}}
storage: {{path: ":memory:"}}
rule_files: ["{rules}/*.yaml"]
notify: {{alertmanagers: [{{url: "http://{sink}/tocsin"}}]}}
"""
PROMETHEUS = """
rule_files: ["{rules}/*.yaml"]
alerting: {{alertmanagers: [{{path_prefix: /prometheus, api_version: v2, static_configs: [{{targets: ["{sink}"]}}]}}]}}
"""


class Disturbed(Exception):
    """The machine was too busy for evaluations in time: nothing can be compared."""


# --- Time -----------------------------------------------------------------------------------------------------------


def milliseconds(duration):
    return sum(int(count) * UNITS_MS[unit] for count, unit in DURATION.findall(duration))


def closing(text, at):
    """After the parenthesis that closes the one before `at`."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at


class Pace:
    """Time, and rules, when a minute takes `minute_ms`."""

    def __init__(self, minute_ms):
        self.minute_ms = minute_ms
        self.speed = 60_000 // minute_ms
        self.seconds = incidents.MINUTES * minute_ms // 1000  # All of it.

    def duration(self, text):
        return f"{milliseconds(text) // self.speed}ms"

    def expression(self, text):
        """Ranges and offsets shorter; rates, which grow by as much, divided."""
        text = re.sub(rf"(\[|\boffset )((?:{DURATION.pattern})+)(?![-\w])",
                      lambda match: match[1] + self.duration(match[2]), text)
        out, at = "", 0
        for match in re.finditer(r"\brate\(", text):
            end = closing(text, match.end())
            out += f"{text[at:match.start()]}({text[match.start():end]} / {self.speed})"
            at = end
        return out + text[at:]

    def packs(self, folder):
        """Writes the shipped ones, and returns {alert: (interval in ms, whether it asks for what others find)}."""
        alerts, recorded = {}, {}
        packs = {path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
                 for path in sorted((harness.ROOT / "alerts").glob("*.yaml"))}
        groups = [group for pack in packs.values() for group in pack["groups"]]
        for group in groups:
            recorded |= {rule["record"]: group["name"] for rule in group["rules"] if "record" in rule}
        for group in groups:
            group["interval"] = self.duration(group.get("interval", "1m"))
            for rule in group["rules"]:
                others = [name for name, home in recorded.items() if home != group["name"] and name in rule["expr"]]
                if "alert" in rule:
                    alerts[rule["alert"]] = (milliseconds(group["interval"]), bool(others) or "ALERTS" in rule["expr"])
                rule["expr"] = self.expression(rule["expr"])
                for key in {"for", "keep_firing_for"} & rule.keys():
                    rule[key] = self.duration(rule[key])
        for name, pack in packs.items():
            (folder / name).write_text(json.dumps(pack), encoding="utf-8")  # JSON is YAML.
        return alerts

    def samples(self, value_at, begin):
        """[(milliseconds, value)] of a series, with a marker where it ends."""
        gone = True
        for minute in range(incidents.MINUTES):
            at = begin * 1000 + minute * self.minute_ms
            value = value_at(minute, 0, at / 1000 - EARLIER_SECONDS)
            if value is not None:
                yield from ((at + int(part * self.minute_ms), value) for part in SAMPLES_AT)
            elif not gone:
                yield at, STALE
            gone = value is None


# --- Samples, and what came of them ---------------------------------------------------------------------------------


def write_all(urls, begin, pace):
    series = [({"__name__": name, **labels}, list(pace.samples(value_at, begin)))
              for name, labels, value_at in incidents.Hour().series]
    for first in range(0, len(series), SERIES_PER_REQUEST):
        for url in urls:
            remote_write.write(url, series[first:first + SERIES_PER_REQUEST])
    if time.time() >= begin:
        raise Disturbed("the samples were not written before their time")


def api(url, path):
    answer = json.loads(harness.http("GET", f"{url}/api/v1/{path}").text)
    if answer["status"] != "success":
        raise AssertionError(answer)
    return answer["data"]


def evaluated_until(url):
    """The oldest last evaluation of any group."""
    return min(incidents.moment(group["lastEvaluation"]) for group in api(url, "rules")["groups"])


def states(url, begin, alerts, pace):
    """{labels: {evaluation since the beginning: state}}."""
    found = collections.defaultdict(dict)
    query = f"query?query=ALERTS[{pace.seconds}s]&time={begin + pace.seconds - 0.001:.3f}"
    for series in api(url, query)["result"]:
        labels = series["metric"]
        del labels["__name__"]
        state, (interval, _) = labels.pop("alertstate"), alerts[labels["alertname"]]
        for at, _ in series["values"]:
            found[tuple(sorted(labels.items()))][math.floor((at - begin) * 1000 / interval + 1e-6)] = state
    return found


def lives(moments):
    """[(first pending or firing, first firing, first after it)]; the last two None if it never fires, or ends."""
    out = []
    for moment in sorted(moments):
        if not out or out[-1][2] != moment:
            out.append([moment, None, moment])
        out[-1][2] = moment + 1
        if moments[moment] == "firing" and out[-1][1] is None:
            out[-1][1] = moment
    return out


def differences(ours, theirs, alerts):
    lines = []
    for labels in sorted({*ours, *theirs}):
        mine, other = (lives(found.get(labels, {})) for found in (ours, theirs))
        if alerts[dict(labels)["alertname"]][1]:
            mine, other = ([life for life in each if life[1] is not None] for each in (mine, other))
            same = len(mine) == len(other) and all(
                abs(a - b) <= 1 for life, twin in zip(mine, other) for a, b in zip(life, twin))
        else:
            same = mine == other
        if not same:
            lines.append(f"{dict(labels)}: tocsin {mine}, Prometheus {other}")
    return lines


def untold(posts, fired):
    """What fired and whose end was not told, or was told and did not fire."""
    ended = {tuple(sorted(post["labels"].items())) for post in posts
             if incidents.moment(post["endsAt"]) <= time.time()}
    return sorted(ended ^ fired)


def missed(tocsin, prometheus):
    ours = sum(value for _, value in tocsin.page().series("tocsin_rule_group_iterations_missed_total"))
    text = harness.http("GET", f"{prometheus.url}/metrics").text
    theirs = sum(float(line.split()[-1]) for line in text.splitlines()
                 if line.startswith("prometheus_rule_group_iterations_missed_total{"))
    return ours, theirs


def play(pace):
    """Whether all was the same."""
    with contextlib.ExitStack() as stack:
        rules = stack.enter_context(harness.temporary_folder())
        alerts = pace.packs(rules)
        sink = stack.enter_context(Sink())
        tocsin = stack.enter_context(Tocsin(CONFIG.format(rules=rules, sink=sink.address)))
        prometheus = stack.enter_context(Prometheus(
            "127.0.0.1:9", more=PROMETHEUS.format(rules=rules, sink=sink.address),
            arguments=["--web.enable-remote-write-receiver"]))
        urls = [tocsin.url, prometheus.url]
        begin = math.ceil(time.time()) + AHEAD_SECONDS
        write_all(urls, begin, pace)
        end = begin + pace.seconds
        harness.wait_for("the end of the hour", lambda: all(evaluated_until(url) > end for url in urls),
                         end - time.time() + harness.PATIENCE_SECONDS)
        if any(lost := missed(tocsin, prometheus)):
            raise Disturbed("evaluations missed by tocsin and by Prometheus: {:.0f}, {:.0f}".format(*lost))
        ours, theirs = (states(url, begin, alerts, pace) for url in urls)
        fired = {labels for labels, at in theirs.items() if "firing" in at.values()}
        names = {dict(labels)["alertname"] for labels in fired}
        wrong = differences(ours, theirs, alerts)
        wrong += [f"{alert} has not fired" for alert in alerts.keys() - names - incidents.NOT_PLAYED.keys()]
        ending = {labels for labels in fired if dict(labels)["alertname"] != "Watchdog"}
        for sender in ("tocsin", "prometheus"):
            with contextlib.suppress(AssertionError):  # What is still untold is told below.
                harness.wait_for("all ends to be told", lambda sender=sender: not untold(sink.posted(sender), ending))
            wrong += [f"{sender} has not told the end of {dict(labels)}, or it has not fired"
                      for labels in untold(sink.posted(sender), ending)]
    print(f"{len(names)} of {len(alerts)} alerts fired, {len(fired)} times in all; {len(wrong)} differences")
    print("\n".join(wrong))
    return not wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tocsin", type=pathlib.Path, default=harness.tocsin_binary)
    harness.tocsin_binary = arguments.parse_args().tocsin.resolve()
    for minute_ms in MINUTE_MS:
        try:
            return 0 if play(Pace(minute_ms)) else 1
        except Disturbed as reason:
            print(reason)
    return 1


if __name__ == "__main__":
    sys.exit(main())
